// Moves SvelteKit's inline start script into a file, so that the server can send
// `script-src 'self'` without hashes that change with every build.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const dist = join(import.meta.dirname, "..", "dist");
const page = join(dist, "index.html");
const html = readFileSync(page, "utf8");

const inline = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)];
if (inline.length !== 1) {
  throw new Error(
    `expected SvelteKit's one inline script in dist/index.html, found ${inline.length}`,
  );
}
const [element, source] = inline[0];
const name = `start.${createHash("sha256").update(source).digest("hex").slice(0, 10)}.js`;
writeFileSync(join(dist, "_app", "immutable", name), `${source.trim()}\n`);
writeFileSync(page, html.replace(element, `<script src="/_app/immutable/${name}"></script>`));
