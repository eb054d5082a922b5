import { ApiError, type Api } from "$lib/api/client";
import { readStream, reconnectDelay, wait } from "$lib/api/event-stream";
import type { LogLine, LogUpdate } from "$lib/api/types";
import { ownerOf, nameOf } from "$lib/spaces/space";

export type LogKind = "run" | "build";

/** More lines than this are not kept on the page; the oldest go first. */
export const KEEP_LINES = 100_000;

/** A log that is followed. Lines arrive in batches, one for each frame that the browser draws. */
export class LogStream {
  /** The lines that are kept. Changed in place; `version` tells when. */
  readonly lines: LogLine[] = [];
  /** How many lines have been forgotten since the start. */
  dropped = 0;
  #version = $state(0);
  #status = $state.raw<"connecting" | "open" | "lost" | "refused">("connecting");
  #error = $state.raw<unknown>(null);
  #waitingFor = $state.raw<string | null>(null);
  #waiting: LogLine[] = [];
  #scheduled = false;

  get version(): number {
    return this.#version;
  }

  get status() {
    return this.#status;
  }

  get error(): unknown {
    return this.#error;
  }

  /** Why the Hub sends nothing now, in its words; `null` while it does. */
  get waitingFor(): string | null {
    return this.#waitingFor;
  }

  async run(api: Api, space: string, kind: LogKind, signal: AbortSignal): Promise<void> {
    const path = `/api/v1/spaces/${encodeURIComponent(ownerOf(space))}/${encodeURIComponent(nameOf(space))}/logs/${kind}/stream`;
    let attempt = 0;
    while (!signal.aborted) {
      try {
        await readStream(
          api,
          path,
          {
            onOpen: () => {
              attempt = 0;
              this.#status = "open";
              this.#error = null;
            },
            onData: (data) => this.#take(data),
          },
          signal,
        );
      } catch (error) {
        if (signal.aborted) return;
        this.#error = error;
        if (
          error instanceof ApiError &&
          error.problem.status < 500 &&
          error.problem.status !== 429
        ) {
          this.#status = "refused";
          return;
        }
      }
      if (signal.aborted) return;
      this.#status = "lost";
      attempt += 1;
      await wait(reconnectDelay(attempt), signal);
    }
  }

  /** Forgets what is shown; the stream goes on. */
  clear(): void {
    this.#waiting = [];
    this.dropped += this.lines.length;
    this.lines.length = 0;
    this.#version += 1;
  }

  add(lines: readonly LogLine[]): void {
    for (const line of lines) this.#waiting.push(line);
    if (this.#scheduled) return;
    this.#scheduled = true;
    // A hidden page draws no frames; the timer keeps its backlog bounded.
    const flush = () => {
      if (!this.#scheduled) return;
      this.#scheduled = false;
      clearTimeout(timer);
      this.flush();
    };
    const timer = setTimeout(flush, 500);
    globalThis.requestAnimationFrame?.(flush);
  }

  flush(): void {
    if (this.#waiting.length === 0) return;
    for (const line of this.#waiting) this.lines.push(line);
    this.#waiting = [];
    const over = this.lines.length - KEEP_LINES;
    if (over > 0) {
      this.lines.splice(0, over);
      this.dropped += over;
    }
    this.#version += 1;
  }

  #take(data: string): void {
    const update = JSON.parse(data) as LogUpdate;
    switch (update.type) {
      case "reset":
        this.clear();
        break;
      case "lines":
        this.add(update.data);
        break;
      case "connected":
        this.#waitingFor = null;
        break;
      case "waiting":
        this.#waitingFor = update.data.reason;
        break;
    }
  }
}
