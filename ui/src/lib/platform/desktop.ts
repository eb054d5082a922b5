import { invoke, type InvokeArgs } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { ipcTransport } from "$lib/api/ipc-transport";
import { NativeError } from "./native";
import type { Platform } from "./platform";

export const platform: Platform = {
  capabilities: {
    signIn: false,
    offline: false,
    workersAsk: false,
    openExternal: true,
    background: true,
    tokenStore: true,
    remoteAccess: true,
    dataFolder: true,
    updates: true,
    demo: true,
  },
  transport: ipcTransport,

  openExternal: (url) => call("open_external", { url }),
  async copyText(text) {
    try {
      await call("copy_text", { text });
      return true;
    } catch {
      return false;
    }
  },
  saveFile: async (name, text) => (await call<string | null>("save_file", { name, text })) !== null,
  setLanguage: (language) => call("set_language", { language }),

  desktopInfo: () => call("desktop_state"),
  setCloseKeepsRunning: (on) => call("set_close_keeps_running", { on }),
  setAutostart: (on) => call("set_autostart", { on }),
  setShortcut: (keys) => call("set_shortcut", { keys }),
  closeTold: () => call("close_told"),
  tokenStore: () => call("token_store"),
  moveTokens: (to) => call("move_tokens", { to }),
  remoteAccess: () => call("remote_access"),
  setRemoteAccess: (settings, password) => call("set_remote_access", { settings, password }),
  revealDataFolder: () => call("reveal_data_folder"),
  startDemo: () => call("start_demo"),
  leaveDemo: () => call("leave_demo"),
  checkUpdate: () => call("check_update"),
  installUpdate: () => call("install_update"),

  onOpenPath(handler) {
    const stop = listen<string>("open-path", (event) => handler(event.payload));
    return () => void stop.then((it) => it());
  },
};

/** Runs a command; what it refuses with becomes an error that says so to a person. */
async function call<T>(command: string, args?: InvokeArgs): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (cause) {
    throw toError(cause);
  }
}

function toError(cause: unknown): unknown {
  if (typeof cause !== "object" || cause === null) return new NativeError("failed", String(cause));
  const { code, message } = cause as { code?: unknown; message?: unknown };
  return typeof code === "string" && typeof message === "string"
    ? new NativeError(code, message)
    : cause;
}
