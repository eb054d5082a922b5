import { createContext } from "svelte";
import { unwrap, type Api } from "$lib/api/client";
import type { ApiEvent, SavedView } from "$lib/api/types";

/** What the API takes. */
export const LONGEST_NAME = 60;
export const MOST_VIEWS = 50;

/** The views of the list that the person has kept, in their order; the same on every device. */
export class ViewsState {
  #list = $state.raw<readonly SavedView[]>([]);
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  get list(): readonly SavedView[] {
    return this.#list;
  }

  /** The view that shows exactly what `search` does, such as `?stage=failing`. */
  showing(search: string): SavedView | undefined {
    return this.#list.find((view) => view.query === queryOf(search));
  }

  async load(): Promise<void> {
    this.#list = await unwrap(this.#api.GET("/api/v1/views"));
  }

  /** Keeps what `search` shows by a name; a view that has the name already shows this from now on. */
  async keep(name: string, search: string): Promise<void> {
    const query = queryOf(search);
    const old = this.#list.find((view) => view.name === name);
    await this.replace(
      old
        ? this.#list.map((view) => (view === old ? { ...view, query } : view))
        : [...this.#list, { id: uuid(), name, query }],
    );
  }

  async replace(views: readonly SavedView[]): Promise<void> {
    this.#list = await unwrap(this.#api.PUT("/api/v1/views", { body: [...views] }));
  }

  apply(event: ApiEvent): void {
    if (event.type === "views_changed") this.#list = event.data.views;
  }
}

/** The query of an address, without the mark that begins it. */
export const queryOf = (search: string): string => search.replace(/^\?/, "");

/** The address of a view. */
export const pathOfView = (view: SavedView): string =>
  view.query === "" ? "/spaces" : `/spaces?${view.query}`;

/** `crypto.randomUUID` needs a secure context; this does not. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export const [getViews, setViews] = createContext<ViewsState>();
