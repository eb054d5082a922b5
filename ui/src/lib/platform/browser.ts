import { httpTransport } from "$lib/api/http-transport";
import type { Platform } from "./platform";

/** For what the capabilities rule out: nothing on the page offers it. */
const absent = <T>(): Promise<T> => Promise.reject(new Error("a browser cannot do this"));

export const platform: Platform = {
  capabilities: {
    signIn: true,
    offline: true,
    workersAsk: true,
    openExternal: false,
    background: false,
    tokenStore: false,
    remoteAccess: false,
    dataFolder: false,
    updates: false,
    demo: false,
  },
  transport: httpTransport,

  openExternal(url) {
    window.open(url, "_blank", "noopener,noreferrer");
    return Promise.resolve();
  },

  // Pages over plain HTTP have no clipboard interface; they select.
  async copyText(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copySelected(text);
    }
  },

  saveFile(name, text) {
    const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
    URL.revokeObjectURL(url);
    return Promise.resolve(true);
  },

  setLanguage: () => Promise.resolve(),
  onOpenPath: () => () => {},

  desktopInfo: absent,
  setCloseKeepsRunning: absent,
  setAutostart: absent,
  setShortcut: absent,
  closeTold: absent,
  tokenStore: absent,
  moveTokens: absent,
  remoteAccess: absent,
  setRemoteAccess: absent,
  revealDataFolder: absent,
  startDemo: absent,
  leaveDemo: absent,
  checkUpdate: absent,
  installUpdate: absent,
};

function copySelected(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
