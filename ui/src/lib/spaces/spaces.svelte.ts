import { createContext } from "svelte";
import { unwrap, type Api } from "$lib/api/client";
import type { ApiEvent, HardwareOption, Space, SpacePage } from "$lib/api/types";
import { ownerOf, pathOf, titleOf } from "./space";

/** How long deltas are gathered before the list is drawn anew. */
const BATCH_MS = 250;
/** After a list that was read ahead has been shown. */
const AGAIN_MS = 2_000;

/** Every Space that this program knows, kept true by events. */
export class SpacesState {
  readonly #api: Api;
  readonly #byId = new Map<string, Space>();
  #list = $state.raw<Space[]>([]);
  #status = $state.raw<"loading" | "ready" | "failed">("loading");
  #error = $state.raw<unknown>(null);
  #hardware = $state.raw<ReadonlyMap<string, HardwareOption>>(new Map());
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The beginning of the list, asked for before anybody needed it. */
  #ahead: Promise<SpacePage | null> | null = null;
  /** Which reading of the list is the newest, and what was told while it is under way. */
  #turn = 0;
  #meanwhile: ApiEvent[] | null = null;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Sorted by owner, then by name. */
  get list(): readonly Space[] {
    return this.#list;
  }

  get status() {
    return this.#status;
  }

  get error(): unknown {
    return this.#error;
  }

  /** The Hub's flavors by name, with prices; empty until they are known. */
  get hardware(): ReadonlyMap<string, HardwareOption> {
    return this.#hardware;
  }

  get(id: string): Space | undefined {
    // Reading the list makes the caller follow its changes; the map finds the Space.
    return this.#list && this.#byId.get(id);
  }

  /** Asks for the list already, while the page is being made; the first `load` takes the answer. */
  readAhead(): void {
    this.#ahead = this.#read().catch(() => null);
  }

  #read(cursor?: string): Promise<SpacePage> {
    return unwrap(this.#api.GET("/api/v1/spaces", { params: { query: { limit: 1000, cursor } } }));
  }

  /** Reads everything again. What is shown stays until the answer is there. */
  async load(): Promise<void> {
    const turn = ++this.#turn;
    const ahead = this.#ahead;
    this.#ahead = null;
    this.#meanwhile = [];
    try {
      const found = new Map<string, Space>();
      let first = await ahead;
      const early = first !== null;
      let cursor: string | undefined;
      do {
        const page = first ?? (await this.#read(cursor));
        first = null;
        for (const space of page.items) found.set(space.id, space);
        cursor = page.next_cursor ?? undefined;
      } while (cursor);
      // Another one was begun since, and will know better.
      if (turn !== this.#turn) return;
      this.#byId.clear();
      for (const [id, space] of found) this.#byId.set(id, space);
      for (const event of this.#meanwhile) this.#take(event);
      this.#status = "ready";
      this.#error = null;
      this.#draw();
      // What changed before the stream was open, nobody was told.
      if (early) setTimeout(() => void this.load(), AGAIN_MS);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#error = error;
      if (this.#status === "loading") this.#status = "failed";
    } finally {
      if (turn === this.#turn) this.#meanwhile = null;
    }
  }

  /** Gives a Space labels of the person's own, in the place of those it has. */
  async setLabels(id: string, labels: string[]): Promise<void> {
    const params = { path: pathOf(id) };
    const space = await unwrap(
      this.#api.PUT("/api/v1/spaces/{owner}/{name}/labels", { params, body: { labels } }),
    );
    this.apply({ type: "space_changed", data: space });
  }

  async loadHardware(): Promise<void> {
    const items = await unwrap(this.#api.GET("/api/v1/hardware"));
    this.#hardware = new Map(items.map((option) => [option.flavor, option]));
  }

  apply(event: ApiEvent): void {
    if (event.type !== "space_changed" && event.type !== "space_removed") return;
    this.#meanwhile?.push(event);
    this.#take(event);
    this.#timer ??= setTimeout(() => this.#draw(), BATCH_MS);
  }

  #take(event: ApiEvent): void {
    if (event.type === "space_changed") this.#byId.set(event.data.id, event.data);
    else if (event.type === "space_removed") this.#byId.delete(event.data.id);
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#list = [...this.#byId.values()].sort(byOwnerAndName);
  }
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function byOwnerAndName(a: Space, b: Space): number {
  return (
    collator.compare(ownerOf(a.id), ownerOf(b.id)) ||
    collator.compare(titleOf(a), titleOf(b)) ||
    collator.compare(a.id, b.id)
  );
}

export const [getSpaces, setSpaces] = createContext<SpacesState>();
