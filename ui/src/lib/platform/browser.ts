import { httpTransport } from "$lib/api/http-transport";
import type { Platform } from "./platform";

export const platform: Platform = {
  capabilities: { signIn: true },
  transport: httpTransport,
};
