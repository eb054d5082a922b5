import { paraglideVitePlugin } from "@inlang/paraglide-js";
import { sveltekit } from "@sveltejs/kit/vite";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";

// `HFSM_DEV_SERVER` lets `npm run dev` talk to a running `hfsm serve`.
const server = process.env.HFSM_DEV_SERVER ?? "http://127.0.0.1:8787";

export default defineConfig({
  plugins: [
    tailwindcss(),
    paraglideVitePlugin({
      project: "./project.inlang",
      outdir: "./src/lib/paraglide",
      strategy: ["localStorage", "preferredLanguage", "baseLocale"],
    }),
    sveltekit(),
  ],
  // A small font inlined as data: would need its own hole in the page policy.
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What the list of Spaces needs comes as one file with all that it imports: one request
          // where it would be fifty, and it compresses better.
          groups: [
            { name: "first", test: /\/routes\/(\(frame\)\/(spaces\/\+page|\+layout)|\+layout)\./ },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": { target: server, changeOrigin: true } } },
});
