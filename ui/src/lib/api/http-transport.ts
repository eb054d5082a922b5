import type { Transport } from "./client";

/** Talks to the server that served the page. */
export const httpTransport: Transport = (request) =>
  fetch(request, { credentials: "same-origin", cache: "no-store" });
