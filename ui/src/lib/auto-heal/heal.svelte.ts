import { createContext } from "svelte";
import { unwrap, type Api } from "$lib/api/client";
import { OfSpaces } from "$lib/api/of-spaces.svelte";
import type { ApiEvent, HealChoice, HealState, ScopedHeal } from "$lib/api/types";
import { pathOf } from "$lib/spaces/space";

/** Where one Space stands with auto-heal; read again whenever that changes. */
export class SpaceHealState {
  #now = $state.raw<HealState | null>(null);
  #error = $state.raw<unknown>(null);
  readonly #api: Api;
  readonly #space: string;

  constructor(api: Api, space: string) {
    this.#api = api;
    this.#space = space;
  }

  /** `null` until it is read. */
  get now(): HealState | null {
    return this.#now;
  }

  get error(): unknown {
    return this.#error;
  }

  async load(): Promise<void> {
    try {
      this.#now = await unwrap(
        this.#api.GET("/api/v1/spaces/{owner}/{name}/auto-heal", this.#path()),
      );
      this.#error = null;
    } catch (error) {
      this.#error = error;
    }
  }

  async choose(body: HealChoice): Promise<void> {
    this.#now = await unwrap(
      this.#api.PUT("/api/v1/spaces/{owner}/{name}/auto-heal", { ...this.#path(), body }),
    );
  }

  /** Has it mended again, where auto-heal gave up or waits. */
  async reset(): Promise<void> {
    this.#now = await unwrap(
      this.#api.POST("/api/v1/spaces/{owner}/{name}/auto-heal/reset", this.#path()),
    );
  }

  apply(event: ApiEvent): void {
    const changed =
      (event.type === "heal_changed" && (event.data.space ?? this.#space) === this.#space) ||
      (event.type === "stage_changed" && event.data.space === this.#space);
    if (changed) void this.load();
  }

  #path() {
    return { params: { path: pathOf(this.#space) } };
  }
}

/** For what auto-heal is chosen, and where the Spaces stand that are mended. */
export class AutoHealState extends OfSpaces<HealState> {
  #choices = $state.raw<readonly ScopedHeal[] | null>(null);
  readonly #api: Api;

  constructor(api: Api) {
    super();
    this.#api = api;
  }

  /** `null` until they are read. */
  get choices(): readonly ScopedHeal[] | null {
    return this.#choices;
  }

  protected async read(): Promise<HealState[]> {
    const [choices, spaces] = await Promise.all([
      unwrap(this.#api.GET("/api/v1/auto-heal")),
      unwrap(this.#api.GET("/api/v1/auto-heal/spaces")),
    ]);
    this.#choices = choices;
    return spaces;
  }

  async choose(body: ScopedHeal): Promise<void> {
    this.#choices = await unwrap(this.#api.PUT("/api/v1/auto-heal", { body }));
  }

  protected changedBy(event: ApiEvent): "now" | "soon" | null {
    if (event.type === "heal_changed") return "now";
    return event.type === "stage_changed" ? "soon" : null;
  }
}

export const [getAutoHeal, setAutoHeal] = createContext<AutoHealState>();
