import { createContext } from "svelte";
import { unwrap, type Api } from "$lib/api/client";
import type { ApiEvent, Mute } from "$lib/api/types";

/** Which Spaces are not told about, and until when. */
export class MutesState {
  #list = $state.raw<readonly Mute[]>([]);
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** The mute of everything first, then the Spaces by name. */
  get list(): readonly Mute[] {
    return this.#list;
  }

  /** The mute of `space`, or of everything where it is `null`; none that has run out by `now`. */
  of(space: string | null, now: number): Mute | undefined {
    return this.#list.find(
      (it) => (it.space ?? null) === space && new Date(it.until).getTime() > now,
    );
  }

  async load(): Promise<void> {
    this.#list = sorted(await unwrap(this.#api.GET("/api/v1/mutes")));
  }

  /** Tells nothing of `space`, or of any Space where it is `null`, for a while. */
  async mute(space: string | null, minutes: number): Promise<void> {
    this.#list = sorted(
      await unwrap(this.#api.POST("/api/v1/mutes", { body: { space, minutes } })),
    );
  }

  async unmute(space: string | null): Promise<void> {
    const query = space === null ? {} : { space };
    await unwrap(this.#api.DELETE("/api/v1/mutes", { params: { query } }));
    this.#list = this.#list.filter((it) => (it.space ?? null) !== space);
  }

  apply(event: ApiEvent): void {
    if (event.type === "mutes_changed") this.#list = sorted(event.data.mutes);
  }
}

const sorted = (mutes: readonly Mute[]) =>
  [...mutes].sort((a, b) => (a.space ?? "").localeCompare(b.space ?? ""));

export const [getMutes, setMutes] = createContext<MutesState>();
