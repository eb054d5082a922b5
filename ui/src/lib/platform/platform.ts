import { createContext } from "svelte";
import type { Transport } from "$lib/api/client";
import type { Locale } from "$lib/i18n/locale.svelte";
import type { Native } from "./native";

/** What the surroundings can do. Ask for a capability, never for the name of the platform. */
export interface Capabilities {
  /** A person has to sign in before anything private is answered. */
  signIn: boolean;
  /** The server may be out of reach, so the page and the last known list are kept. */
  offline: boolean;
  /** A worker reaches the server by itself, without the page. */
  workersAsk: boolean;
  /** Links that lead elsewhere have to be handed over; the page cannot open them itself. */
  openExternal: boolean;
  /** It can keep running without a window, start with the session and be called by keys. */
  background: boolean;
  /** Tokens are kept in a store that can be chosen. */
  tokenStore: boolean;
  /** It can serve this page to other devices. */
  remoteAccess: boolean;
  /** The folder with the data can be shown. */
  dataFolder: boolean;
  /** It can replace itself by a newer version. */
  updates: boolean;
  /** It can show a simulated Hub instead of the real one. */
  demo: boolean;
}

export interface Platform extends Native {
  readonly capabilities: Capabilities;
  readonly transport: Transport;
  openExternal(url: string): Promise<void>;
  /** Puts text on the clipboard; says whether that was allowed. */
  copyText(text: string): Promise<boolean>;
  /** Saves text under a name that the person may change; says whether they went through with it. */
  saveFile(name: string, text: string): Promise<boolean>;
  /** Tells the parts outside of the page, such as the tray, which language to speak. */
  setLanguage(language: Locale): Promise<void>;
}

export async function detectPlatform(): Promise<Platform> {
  const module =
    "__TAURI_INTERNALS__" in window ? await import("./desktop") : await import("./browser");
  return module.platform;
}

export const [getPlatform, setPlatform] = createContext<Platform>();
