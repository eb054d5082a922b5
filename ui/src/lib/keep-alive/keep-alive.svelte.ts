import { unwrap, type Api } from "$lib/api/client";
import type { ApiEvent, KeepAlive, KeepAliveAll, KeepAliveNow } from "$lib/api/types";
import { pathOf } from "$lib/spaces/space";

/** How one Space is kept awake; read again with every visit of it. */
export class SpaceKeepAliveState {
  #now = $state.raw<KeepAliveNow | null>(null);
  #error = $state.raw<unknown>(null);
  readonly #api: Api;
  readonly #space: string;

  constructor(api: Api, space: string) {
    this.#api = api;
    this.#space = space;
  }

  /** `null` until it is read. */
  get now(): KeepAliveNow | null {
    return this.#now;
  }

  get error(): unknown {
    return this.#error;
  }

  async load(): Promise<void> {
    try {
      const params = { path: pathOf(this.#space) };
      this.#now = await unwrap(
        this.#api.GET("/api/v1/spaces/{owner}/{name}/keep-alive", { params }),
      );
      this.#error = null;
    } catch (error) {
      this.#error = error;
    }
  }

  async choose(body: KeepAlive): Promise<void> {
    const params = { path: pathOf(this.#space) };
    this.#now = await unwrap(
      this.#api.PUT("/api/v1/spaces/{owner}/{name}/keep-alive", { params, body }),
    );
  }

  apply(event: ApiEvent): void {
    const concerns =
      event.type === "keep_alive_changed" ||
      ((event.type === "run_changed" || event.type === "stage_changed") &&
        event.data.space === this.#space);
    if (concerns) void this.load();
  }
}

/** How all Spaces are kept awake that nothing else is chosen for. */
export class AllKeepAliveState {
  #chosen = $state.raw<KeepAliveAll | null>(null);
  #error = $state.raw<unknown>(null);
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  get chosen(): KeepAliveAll | null {
    return this.#chosen;
  }

  get error(): unknown {
    return this.#error;
  }

  async load(): Promise<void> {
    try {
      this.#chosen = await unwrap(this.#api.GET("/api/v1/keep-alive"));
      this.#error = null;
    } catch (error) {
      this.#error = error;
    }
  }

  async choose(body: KeepAliveAll): Promise<void> {
    this.#chosen = await unwrap(this.#api.PUT("/api/v1/keep-alive", { body }));
  }

  apply(event: ApiEvent): void {
    if (event.type === "keep_alive_changed") void this.load();
  }
}
