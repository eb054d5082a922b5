import { ApiError, Unreachable, toProblem, type Api } from "./client";

export interface StreamHandlers {
  /** The server answered; what is shown should be read again. */
  onOpen?: () => void;
  /** Bytes of the stream, cut anywhere. */
  onPiece: (piece: Uint8Array) => void;
}

/** How long a stream may be silent. The server sends a comment every 15 s. */
const SILENCE_MS = 45_000;

/**
 * After a piece that is smaller than this nothing is read for so long: each piece that is read by
 * itself wakes the page, and what comes meanwhile is read as one.
 */
const SMALL_BYTES = 65_536;
const REST_MS = 125;

/** Reads one event stream until it ends; rejects when it cannot be opened or breaks. */
export async function readStream(
  api: Pick<Api, "transport" | "baseUrl">,
  path: string,
  { onOpen, onPiece }: StreamHandlers,
  signal: AbortSignal,
  silenceMs = SILENCE_MS,
): Promise<void> {
  const quiet = new AbortController();
  const either = AbortSignal.any([signal, quiet.signal]);
  let timer = setTimeout(() => quiet.abort(new Error("the stream went silent")), silenceMs);
  const request = new Request(new URL(path, api.baseUrl), {
    headers: { accept: "text/event-stream" },
    signal: either,
  });
  try {
    const response = await api.transport(request).catch((cause: unknown) => {
      if (signal.aborted) throw cause;
      throw new Unreachable(cause);
    });
    if (!response.ok) {
      const body: unknown = await response.json().catch(() => null);
      throw new ApiError(toProblem(body, response.status));
    }
    onOpen?.();
    const reader = response.body?.getReader();
    while (reader) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(new Error("the stream went silent")), silenceMs);
      onPiece(value);
      if (value.length < SMALL_BYTES) await wait(REST_MS, either);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** The wait before attempt `attempt` (from 1): 0.5 s doubling to 15 s, with jitter. */
export function reconnectDelay(attempt: number, random = Math.random): number {
  return Math.min(15_000, 500 * 2 ** (attempt - 1)) * (0.6 + 0.4 * random());
}

/** Resolves after `ms`, or at once when `signal` is aborted. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
