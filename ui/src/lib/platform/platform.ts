import type { Transport } from "$lib/api/client";

/** What the surroundings can do. Ask for a capability, never for the name of the platform. */
export interface Capabilities {
  /** A person has to sign in before anything private is answered. */
  signIn: boolean;
}

export interface Platform {
  readonly capabilities: Capabilities;
  readonly transport: Transport;
}

export async function detectPlatform(): Promise<Platform> {
  const module =
    "__TAURI_INTERNALS__" in window ? await import("./desktop") : await import("./browser");
  return module.platform;
}
