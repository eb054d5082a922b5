import { ipcTransport } from "$lib/api/ipc-transport";
import type { Platform } from "./platform";

export const platform: Platform = {
  capabilities: { signIn: false },
  transport: ipcTransport,
};
