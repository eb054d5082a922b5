import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// Without SvelteKit's own plugin: the units need no router, and its watcher outlives the run.
export default defineConfig({
  plugins: [svelte()],
  resolve: {
    alias: { $lib: new URL("./src/lib", import.meta.url).pathname },
    conditions: ["browser"],
  },
  test: { include: ["src/**/*.test.ts"] },
});
