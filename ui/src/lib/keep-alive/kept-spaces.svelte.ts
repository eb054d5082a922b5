import { createContext } from "svelte";
import { unwrap, type Api } from "$lib/api/client";
import { OfSpaces } from "$lib/api/of-spaces.svelte";
import type { ApiEvent, KeepAliveNow } from "$lib/api/types";

/** The Spaces that are kept awake, the next to be visited first. */
export class KeptSpacesState extends OfSpaces<KeepAliveNow> {
  readonly #api: Api;

  constructor(api: Api) {
    super();
    this.#api = api;
  }

  protected read(): Promise<KeepAliveNow[]> {
    return unwrap(this.#api.GET("/api/v1/keep-alive/spaces"));
  }

  protected changedBy(event: ApiEvent): "now" | "soon" | null {
    if (event.type === "keep_alive_changed") return "now";
    return event.type === "stage_changed" || event.type === "run_changed" ? "soon" : null;
  }
}

export const [getKeptSpaces, setKeptSpaces] = createContext<KeptSpacesState>();
