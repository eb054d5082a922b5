import { StreamReader } from "./reader";
import type { WorkerAnswer, WorkerRequest } from "./reader-worker";

/** Who reads the page's stream. */
export interface Reader {
  onerror: ((event: ErrorEvent) => unknown) | null;
  onmessage: ((event: MessageEvent<WorkerAnswer>) => unknown) | null;
  postMessage: (request: WorkerRequest) => void;
  terminate: () => void;
}

/** Reads in a worker, off the page's own thread. */
export const spawnReader = (): Reader =>
  new Worker(new URL("./reader-worker.ts", import.meta.url), { type: "module" });

/** Reads in the page itself, where a worker cannot. */
export class ReaderHere implements Reader {
  onerror: Reader["onerror"] = null;
  onmessage: Reader["onmessage"] = null;
  readonly #reader = new StreamReader((data) =>
    this.onmessage?.(new MessageEvent("message", { data })),
  );
  readonly #timer = setInterval(() => this.#reader.tell(), 1000);

  postMessage(request: WorkerRequest): void {
    if (request.type !== "open" && request.type !== "close") this.#reader.take(request);
  }

  terminate(): void {
    clearInterval(this.#timer);
  }
}
