/**
 * Lets the browser keep the page, so that it opens without a server.
 *
 * Only where the connection is safe: elsewhere browsers offer no worker, and the page is as before.
 */
export function keepShell(): void {
  if (import.meta.env.DEV || !("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("/service-worker.js").catch((error: unknown) => {
    console.warn("the page is not kept for times without a server:", error);
  });
}
