import { Channel, invoke } from "@tauri-apps/api/core";
import type { Transport } from "./client";

interface ResponseHead {
  status: number;
  headers: [string, string][];
}

const encoder = new TextEncoder();
const BODYLESS = new Set([204, 205, 304]);
let nextId = 1;

/**
 * A `Request` in, a `Response` with a streaming body out, through the desktop's commands.
 *
 * The shell sends the body as chunks over a channel, as text where that is quicker than bytes; an
 * empty chunk ends it, and `null` says that it broke off.
 */
export const ipcTransport: Transport = async (request) => {
  const id = nextId++;
  request.signal.throwIfAborted();
  const { pathname, search } = new URL(request.url);
  const { chunks, body, fail } = pipe(() => void invoke("api_abort", { id }));
  const aborted = () => {
    void invoke("api_abort", { id });
    fail(request.signal.reason);
  };
  request.signal.addEventListener("abort", aborted, { once: true });

  const head = await invoke<ResponseHead>("api_fetch", {
    request: {
      id,
      method: request.method,
      uri: pathname + search,
      headers: [...request.headers],
      body: (await request.text()) || null,
    },
    chunks,
  });
  request.signal.throwIfAborted();
  return new Response(BODYLESS.has(head.status) ? null : body, head);
};

/** A channel on one side, a byte stream on the other. */
function pipe(cancel: () => void) {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  let open = true;
  const body = new ReadableStream<Uint8Array>({
    start: (it) => void (controller = it),
    cancel: () => {
      open = false;
      cancel();
    },
  });
  const fail = (reason: unknown) => {
    if (!open) return;
    open = false;
    controller.error(reason);
  };
  const chunks = new Channel<ArrayBuffer | number[] | string | null>((message) => {
    if (!open) return;
    if (message === null) return fail(new TypeError("the answer broke off"));
    const bytes = typeof message === "string" ? encoder.encode(message) : new Uint8Array(message);
    if (bytes.byteLength > 0) {
      controller.enqueue(bytes);
    } else {
      open = false;
      controller.close();
    }
  });
  return { chunks, body, fail };
}
