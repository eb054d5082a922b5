import { createContext } from "svelte";
import { unwrap, type Api } from "$lib/api/client";
import type { ApiEvent, Settings } from "$lib/api/types";

/** What the person has chosen of the program itself, kept true by events. */
export class SettingsState {
  #current = $state.raw<Settings | null>(null);
  #error = $state.raw<unknown>(null);
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** `null` until they are read. */
  get current(): Settings | null {
    return this.#current;
  }

  get error(): unknown {
    return this.#error;
  }

  async load(): Promise<void> {
    try {
      this.#current = await unwrap(this.#api.GET("/api/v1/settings"));
      this.#error = null;
    } catch (error) {
      this.#error = error;
    }
  }

  /** Changes some of them; the others stay as they are now. */
  async change(part: Partial<Settings>): Promise<void> {
    const now = await unwrap(this.#api.GET("/api/v1/settings"));
    this.#current = await unwrap(this.#api.PUT("/api/v1/settings", { body: { ...now, ...part } }));
  }

  apply(event: ApiEvent): void {
    if (event.type === "settings_changed") this.#current = event.data;
  }
}

export const [getSettings, setSettings] = createContext<SettingsState>();
