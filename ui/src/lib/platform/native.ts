/** What only a desktop program can do, in the words of its commands. */

export interface DesktopInfo {
  version: string;
  /** The folder that holds everything that is kept. */
  data_dir: string;
  /** Whether the simulated Hub is shown. */
  demo: boolean;
  tray: { shown: boolean; trouble: string | null };
  /** Whether closing the window leaves the program running. */
  close_keeps_running: boolean;
  close_was_told: boolean;
  autostart: boolean;
  shortcut: string | null;
  shortcut_trouble: string | null;
  updates: { configured: boolean };
}

export type TokenStoreKind = "keychain" | "file";

export interface TokenStore {
  /** Where tokens are kept; `null` while nobody has chosen a store that works. */
  kind: TokenStoreKind | null;
  keychain: { usable: boolean; trouble: string | null };
  /** The path of the encrypted file. */
  file: string;
}

export interface RemoteSettings {
  on: boolean;
  reach: "this_computer" | "local_network";
  port: number;
  user: string;
}

export interface RemoteTrouble {
  code: "port_in_use" | "port_forbidden" | "no_such_address" | "password_missing" | "failed";
  message: string;
}

export interface RemoteState {
  settings: RemoteSettings;
  has_password: boolean;
  listening: boolean;
  urls: string[];
  trouble: RemoteTrouble | null;
}

export interface Update {
  version: string;
  notes: string | null;
}

export interface Native {
  desktopInfo(): Promise<DesktopInfo>;
  setCloseKeepsRunning(on: boolean): Promise<DesktopInfo>;
  setAutostart(on: boolean): Promise<DesktopInfo>;
  setShortcut(keys: string | null): Promise<DesktopInfo>;
  closeTold(): Promise<void>;
  tokenStore(): Promise<TokenStore>;
  moveTokens(to: TokenStoreKind): Promise<TokenStore>;
  remoteAccess(): Promise<RemoteState>;
  setRemoteAccess(settings: RemoteSettings, password: string | null): Promise<RemoteState>;
  revealDataFolder(): Promise<void>;
  startDemo(): Promise<void>;
  leaveDemo(): Promise<void>;
  checkUpdate(): Promise<Update | null>;
  installUpdate(): Promise<void>;
  /** Tells the path that somebody wants to see: a notification, the tray, a link. */
  onOpenPath(handler: (path: string) => void): () => void;
}

/** A refusal of the desktop program. Its message is made for a person. */
export class NativeError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "NativeError";
  }
}
