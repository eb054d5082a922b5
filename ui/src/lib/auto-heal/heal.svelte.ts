import { createContext } from "svelte";
import { unwrap, type Api } from "$lib/api/client";
import { Soon } from "$lib/api/soon";
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

/** Stages change in dozens, and each reading is of all Spaces. */
const READ_AGAIN_MS = 1000;

/** For what auto-heal is chosen, and where the Spaces stand that are mended: read when a page first needs it. */
export class AutoHealState {
  #choices = $state.raw<readonly ScopedHeal[] | null>(null);
  #spaces = $state.raw<readonly HealState[]>([]);
  #error = $state.raw<unknown>(null);
  readonly #bySpace = $derived(new Map(this.#spaces.map((it) => [it.space, it])));
  readonly #again = new Soon(() => void this.load(), READ_AGAIN_MS);
  readonly #api: Api;
  #needed = false;

  constructor(api: Api) {
    this.#api = api;
  }

  /** `null` until they are read. */
  get choices(): readonly ScopedHeal[] | null {
    return this.#choices;
  }

  get spaces(): readonly HealState[] {
    return this.#spaces;
  }

  get error(): unknown {
    return this.#error;
  }

  /** `undefined` for a Space that is not mended. */
  of(space: string): HealState | undefined {
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
      const [choices, spaces] = await Promise.all([
        unwrap(this.#api.GET("/api/v1/auto-heal")),
        unwrap(this.#api.GET("/api/v1/auto-heal/spaces")),
      ]);
      this.#choices = choices;
      this.#spaces = spaces;
      this.#error = null;
    } catch (error) {
      this.#error = error;
    }
  }

  async choose(body: ScopedHeal): Promise<void> {
    this.#choices = await unwrap(this.#api.PUT("/api/v1/auto-heal", { body }));
  }

  apply(event: ApiEvent): void {
    if (!this.#needed) return;
    if (event.type === "heal_changed") void this.load();
    if (event.type === "stage_changed") this.#again.ask();
  }
}

export const [getAutoHeal, setAutoHeal] = createContext<AutoHealState>();
