import { detectPlatform } from "$lib/platform/platform";

// One page without a server behind it: the same files serve the browser and the desktop window.
export const ssr = false;
export const prerender = false;

export const load = async () => ({ platform: await detectPlatform() });
