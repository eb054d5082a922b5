/// <reference lib="webworker" />
import { build, files, version } from "$service-worker";

/**
 * Keeps the page itself, so that it opens without a server.
 *
 * Never an answer of the API: what is private is nothing that a cache may hold. The page keeps the
 * last known list in a place of its own, and forgets it when the person signs out.
 */
const worker = self as unknown as ServiceWorkerGlobalScope;
const SHELL = `shell-${version}`;
const PAGE = "/";
const IMMUTABLE = "/_app/immutable/";

async function fill(): Promise<void> {
  const page = await fetch(PAGE, { cache: "reload" });
  if (!page.ok) throw new Error(`the page was answered with ${page.status}`);
  // The script that starts the page is written after the list of what was built.
  const named = (await page.clone().text()).match(/\/_app\/immutable\/[\w./-]+/g) ?? [];
  // Letters of other scripts are loaded when somebody reads them.
  const built = build.filter((path) => /\.(js|css)$|latin-wght/.test(path));
  const cache = await caches.open(SHELL);
  await cache.addAll([...new Set([...named, ...built, ...files])]);
  await cache.put(PAGE, page);
}

async function dropOlder(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== SHELL).map((name) => caches.delete(name)));
  await worker.clients.claim();
}

async function kept(path: string): Promise<Response | undefined> {
  return (await caches.open(SHELL)).match(path);
}

worker.addEventListener("install", (event) => event.waitUntil(fill()));
worker.addEventListener("activate", (event) => event.waitUntil(dropOlder()));

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== worker.location.origin) return;
  if (pathname.startsWith("/api/")) return;
  const path = request.mode === "navigate" ? PAGE : pathname;
  const answer = path.startsWith(IMMUTABLE)
    ? kept(path).then((found) => found ?? fetch(request))
    : fetch(request).catch(async () => (await kept(path)) ?? Response.error());
  event.respondWith(answer);
});
