import type { ApiEvent } from "./types";

/** Changes come in dozens, and each reading is of all Spaces. */
const SOON_MS = 1000;

/** What is told of many Spaces: read when a page first needs it, and kept true by events from then on. */
export abstract class OfSpaces<T extends { space: string }> {
  #list = $state.raw<readonly T[] | null>(null);
  #error = $state.raw<unknown>(null);
  readonly #bySpace = $derived(new Map(this.#list?.map((it) => [it.space, it])));
  #needed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  protected abstract read(): Promise<readonly T[]>;

  /** Whether an event asks for another reading, at once or once for all that follow it closely. */
  protected abstract changedBy(event: ApiEvent): "now" | "soon" | null;

  /** `null` until it is read. */
  get list(): readonly T[] | null {
    return this.#list;
  }

  get error(): unknown {
    return this.#error;
  }

  /** `undefined` for a Space of which nothing is told. */
  of(space: string): T | undefined {
    return this.#bySpace.get(space);
  }

  /** Reads it, unless that was begun already. */
  need(): void {
    if (!this.#needed) void this.load();
  }

  /** Reads it again, where a page has needed it. */
  refresh(): void {
    if (this.#needed) void this.load();
  }

  async load(): Promise<void> {
    this.#needed = true;
    try {
      this.#list = await this.read();
      this.#error = null;
    } catch (error) {
      this.#error = error;
    }
  }

  apply(event: ApiEvent): void {
    const when = this.#needed ? this.changedBy(event) : null;
    if (when === "now") void this.load();
    if (when === "soon") {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        void this.load();
      }, SOON_MS);
    }
  }
}
