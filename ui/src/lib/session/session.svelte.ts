import { createContext } from "svelte";
import { unwrap, type Api } from "$lib/api/client";
import type { SessionInfo } from "$lib/api/types";
import { forgetPerson } from "./forget";

/** Who looks at this page, and what they may see. */
export class SessionState {
  #info = $state.raw<SessionInfo | null>(null);
  readonly #api: Api;
  readonly #needed: boolean;

  /** @param needed Whether this platform has a sign-in at all; a desktop window has none. */
  constructor(api: Api, needed: boolean) {
    this.#api = api;
    this.#needed = needed;
  }

  get info(): SessionInfo | null {
    return this.#info;
  }

  /** Whether the sign-in and sign-out belong on the page. */
  get needed(): boolean {
    return this.#needed;
  }

  /** May read everything and act. */
  get trusted(): boolean {
    return !this.#needed || this.#info?.signed_in === true;
  }

  /** May at least see the list. */
  get mayLook(): boolean {
    return this.trusted || (this.#info !== null && this.#info.public_view !== "nothing");
  }

  async load(): Promise<void> {
    if (this.#needed) this.#info = await unwrap(this.#api.GET("/api/v1/session"));
  }

  async signIn(user: string, password: string): Promise<void> {
    this.#info = await unwrap(this.#api.POST("/api/v1/session", { body: { user, password } }));
  }

  async useCode(code: string): Promise<void> {
    this.#info = await unwrap(this.#api.POST("/api/v1/session", { body: { code } }));
  }

  async signOut(): Promise<void> {
    await unwrap(this.#api.DELETE("/api/v1/session"));
    this.#info = null;
    forgetPerson();
    await this.load();
  }

  async setPassword(user: string, password: string, current?: string): Promise<void> {
    await unwrap(this.#api.PUT("/api/v1/session/password", { body: { user, password, current } }));
    await this.load();
  }
}

export const [getSession, setSession] = createContext<SessionState>();
