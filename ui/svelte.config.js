import adapter from "@sveltejs/adapter-static";
import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    adapter: adapter({ pages: "dist", assets: "dist", fallback: "index.html" }),
    // A browser registers it by itself; the desktop window has its files at hand.
    serviceWorker: { register: false },
    // Asking a version file on a timer would be a request for nothing: the binary serves one build.
    version: { pollInterval: 0 },
  },
};
