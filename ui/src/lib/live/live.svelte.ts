import { createContext } from "svelte";
import { ApiError, unwrap, type Api } from "$lib/api/client";
import { readStream, reconnectDelay, wait } from "$lib/api/event-stream";
import type { ApiEvent, Envelope } from "$lib/api/types";

export interface LiveHandlers {
  /** The stream is open, or lost something: read again what is shown. */
  onRefresh: () => void;
  onEvent: (event: ApiEvent) => void;
  /** The server does not know this visitor any more. */
  onSignedOut: () => void;
}

/** A part of a page that follows the stream for as long as it is shown. */
export type LiveFollower = Pick<LiveHandlers, "onRefresh" | "onEvent">;

/** What somebody on the page wants metrics of. */
export interface Watch {
  set(spaces: readonly string[]): void;
  close(): void;
}

/** How long changes of what is watched are gathered before the server is told. */
const WATCH_DEBOUNCE_MS = 200;

/** The page's one event stream: it keeps itself open, and says how it is. */
export class LiveState {
  #status = $state.raw<"connecting" | "live" | "lost">("connecting");
  #since = $state.raw(Date.now());
  readonly #api: Api;
  readonly #handlers: LiveHandlers;
  readonly #watches = new Map<symbol, readonly string[]>();
  readonly #followers = new Set<LiveFollower>();
  #stream: string | null = null;
  #told = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pause = new AbortController();

  constructor(api: Api, handlers: LiveHandlers) {
    this.#api = api;
    this.#handlers = handlers;
  }

  get status() {
    return this.#status;
  }

  /** Since when it is so, in milliseconds. */
  get since(): number {
    return this.#since;
  }

  /** Follows the server's events until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    let attempt = 0;
    while (!signal.aborted) {
      try {
        await readStream(
          this.#api,
          "/api/v1/events",
          {
            onOpen: () => {
              attempt = 0;
              this.#show("live");
              this.#refresh();
            },
            onData: (data) => this.#take(data),
          },
          signal,
        );
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ApiError && error.problem.status === 401) {
          this.#handlers.onSignedOut();
        }
      }
      this.#stream = null;
      if (signal.aborted) return;
      this.#show("lost");
      attempt += 1;
      await this.#rest(reconnectDelay(attempt), signal);
    }
  }

  /** Tells a part of the page what the stream tells. Returns what stops it. */
  follow(follower: LiveFollower): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  #refresh(): void {
    this.#handlers.onRefresh();
    for (const follower of this.#followers) follower.onRefresh();
  }

  /** Tries again now instead of after the wait. */
  retry(): void {
    this.#pause.abort();
  }

  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    const pause = new AbortController();
    this.#pause = pause;
    const end = () => pause.abort();
    signal.addEventListener("abort", end);
    await wait(ms, pause.signal);
    signal.removeEventListener("abort", end);
  }

  /** Asks for the metrics of Spaces for as long as the answer is not closed. */
  watch(): Watch {
    const key = Symbol();
    return {
      set: (spaces) => {
        this.#watches.set(key, spaces);
        this.#tellSoon();
      },
      close: () => {
        this.#watches.delete(key);
        this.#tellSoon();
      },
    };
  }

  #take(data: string): void {
    const { event } = JSON.parse(data) as Envelope;
    switch (event.type) {
      case "hello":
        this.#stream = event.data.stream;
        this.#told = "";
        this.#tellSoon();
        break;
      case "resync":
        this.#refresh();
        break;
      default:
        this.#handlers.onEvent(event);
        for (const follower of this.#followers) follower.onEvent(event);
    }
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#tell();
    }, WATCH_DEBOUNCE_MS);
  }

  async #tell(): Promise<void> {
    const stream = this.#stream;
    const spaces = [...new Set([...this.#watches.values()].flat())].sort();
    const wish = JSON.stringify(spaces);
    if (!stream || wish === this.#told) return;
    this.#told = wish;
    try {
      const params = { path: { stream } };
      await unwrap(this.#api.PUT("/api/v1/events/{stream}/watch", { params, body: { spaces } }));
    } catch {
      // The stream is gone or about to go; its successor is told anew.
      if (this.#stream === stream) this.#told = "";
    }
  }

  #show(status: "live" | "lost"): void {
    if (this.#status === status) return;
    this.#status = status;
    this.#since = Date.now();
  }
}

export const [getLive, setLive] = createContext<LiveState>();
