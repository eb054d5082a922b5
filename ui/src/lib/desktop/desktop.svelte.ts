import { createContext } from "svelte";
import type { DesktopInfo, TokenStore, TokenStoreKind } from "$lib/platform/native";
import type { Platform } from "$lib/platform/platform";

/** How the desktop program is set up. In a browser all of it stays `null`. */
export class DesktopState {
  #info = $state.raw<DesktopInfo | null>(null);
  #tokens = $state.raw<TokenStore | null>(null);
  #error = $state.raw<unknown>(null);
  readonly #platform: Platform;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  get info(): DesktopInfo | null {
    return this.#info;
  }

  /** Where tokens are kept. */
  get tokens(): TokenStore | null {
    return this.#tokens;
  }

  get error(): unknown {
    return this.#error;
  }

  /** Whether a token could not be kept anywhere now. */
  readonly storeMissing = $derived(this.#tokens !== null && this.#tokens.kind === null);

  async load(): Promise<void> {
    const { background, tokenStore } = this.#platform.capabilities;
    this.#error = null;
    try {
      if (background) this.#info = await this.#platform.desktopInfo();
      if (tokenStore) this.#tokens = await this.#platform.tokenStore();
    } catch (error) {
      this.#error = error;
    }
  }

  async setCloseKeepsRunning(on: boolean): Promise<void> {
    this.#info = await this.#platform.setCloseKeepsRunning(on);
  }

  async setAutostart(on: boolean): Promise<void> {
    this.#info = await this.#platform.setAutostart(on);
  }

  async setShortcut(keys: string | null): Promise<void> {
    this.#info = await this.#platform.setShortcut(keys);
  }

  async moveTokens(to: TokenStoreKind): Promise<void> {
    this.#tokens = await this.#platform.moveTokens(to);
  }

  /** Shows the simulated Hub. The page begins anew, so that nothing of the real one stays on it. */
  async startDemo(): Promise<void> {
    await this.#platform.startDemo();
    location.assign("/spaces");
  }

  async leaveDemo(): Promise<void> {
    await this.#platform.leaveDemo();
    location.assign("/spaces");
  }
}

export const [getDesktop, setDesktop] = createContext<DesktopState>();
