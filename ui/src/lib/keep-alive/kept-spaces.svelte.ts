import { createContext } from "svelte";
import { unwrap, type Api } from "$lib/api/client";
import { Soon } from "$lib/api/soon";
import type { ApiEvent, KeepAliveNow } from "$lib/api/types";

/** Visits end in dozens, and each reading is of all Spaces. */
const READ_AGAIN_MS = 2000;

/** The Spaces that are kept awake: read when a page first needs them, and again as visits end. */
export class KeptSpacesState {
  #list = $state.raw<readonly KeepAliveNow[] | null>(null);
  #error = $state.raw<unknown>(null);
  readonly #bySpace = $derived(new Map(this.#list?.map((it) => [it.space, it])));
  readonly #again = new Soon(() => void this.load(), READ_AGAIN_MS);
  readonly #api: Api;
  #needed = false;

  constructor(api: Api) {
    this.#api = api;
  }

  /** The next to be visited first; `null` until they are read. */
  get list(): readonly KeepAliveNow[] | null {
    return this.#list;
  }

  get error(): unknown {
    return this.#error;
  }

  /** `undefined` for a Space that may fall asleep. */
  of(space: string): KeepAliveNow | undefined {
    return this.#bySpace.get(space);
  }

  /** Reads them, unless that was begun already. */
  need(): void {
    if (!this.#needed) void this.load();
  }

  /** Reads them again, where a page has needed them. */
  refresh(): void {
    if (this.#needed) void this.load();
  }

  async load(): Promise<void> {
    this.#needed = true;
    try {
      this.#list = await unwrap(this.#api.GET("/api/v1/keep-alive/spaces"));
      this.#error = null;
    } catch (error) {
      this.#error = error;
    }
  }

  apply(event: ApiEvent): void {
    if (!this.#needed) return;
    if (event.type === "keep_alive_changed") void this.load();
    if (event.type === "stage_changed" || event.type === "run_changed") this.#again.ask();
  }
}

export const [getKeptSpaces, setKeptSpaces] = createContext<KeptSpacesState>();
