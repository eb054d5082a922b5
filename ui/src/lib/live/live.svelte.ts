import { createContext } from "svelte";
import { ApiError, unwrap, type Api } from "$lib/api/client";
import { readStream, reconnectDelay, wait } from "$lib/api/event-stream";
import type { ApiEvent, MetricsPoint } from "$lib/api/types";
import type { Uses } from "$lib/metrics/uses";
import type { ReaderAnswer } from "./reader";
import type { WorkerAnswer } from "./reader-worker";
import { ReaderHere, spawnReader, type Reader } from "./readers";

export interface LiveHandlers {
  /** The stream is open, or lost something: read again what is shown. */
  onRefresh: () => void;
  /** All but metrics. */
  onEvent: (event: ApiEvent) => void;
  /** Uses are told by another reader from now on, whose numbers begin anew. */
  onReader: () => void;
  onUses: (uses: Uses) => void;
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

interface Watched {
  spaces: readonly string[];
  onPoint?: (point: MetricsPoint) => void;
}

const PATH = "/api/v1/events";
/** How long changes of what is watched are gathered before the server is told. */
const WATCH_DEBOUNCE_MS = 200;

/** The page's one event stream: it keeps itself open, and says how it is. */
export class LiveState {
  #status = $state.raw<"connecting" | "live" | "lost">("connecting");
  #since = $state.raw(Date.now());
  readonly #api: Api;
  readonly #handlers: LiveHandlers;
  readonly #watches = new Map<symbol, Watched>();
  readonly #followers = new Set<LiveFollower>();
  /** A worker asks the server by itself. */
  #alone: boolean;
  #spawn: () => Reader;
  #reader: Reader | null = null;
  /** Streams are numbered: what is still read of the one before is not heard. */
  #number = 0;
  /** Ends the stream that is open. */
  #broken = new AbortController();
  #onOpen = () => {};
  #onEnd: (status: number | undefined) => void = () => {};
  #stream: string | null = null;
  #told = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pause = new AbortController();

  /** @param workersAsk A worker reaches the server without the page. */
  constructor(api: Api, handlers: LiveHandlers, workersAsk: boolean, spawn = spawnReader) {
    this.#api = api;
    this.#handlers = handlers;
    this.#alone = workersAsk;
    this.#spawn = spawn;
    // It takes a while to start, and the list is read once it has opened the stream.
    if (workersAsk) this.#begin();
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
      this.#broken = new AbortController();
      const either = AbortSignal.any([signal, this.#broken.signal]);
      this.#onOpen = () => {
        attempt = 0;
        this.#show("live");
        this.#refresh();
      };
      // What breaks is opened again in a moment.
      const status = await this.#read(either).catch(() => undefined);
      if (signal.aborted) return;
      if (status === 401) this.#handlers.onSignedOut();
      this.#stream = null;
      this.#show("lost");
      attempt += 1;
      await this.#rest(reconnectDelay(attempt), signal);
    }
  }

  /** Reads one stream until it ends. Returns the status of the refusal, where it was refused. */
  async #read(signal: AbortSignal): Promise<number | undefined> {
    const reader = (this.#reader ??= this.#begin());
    const stream = ++this.#number;
    if (!this.#alone) {
      reader.postMessage({ type: "begin", stream });
      const onPiece = (piece: Uint8Array) => reader.postMessage({ type: "piece", piece });
      try {
        await readStream(this.#api, PATH, { onOpen: this.#onOpen, onPiece }, signal);
      } catch (error) {
        if (error instanceof ApiError) return error.problem.status;
        throw error;
      }
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const stop = () => {
        reader.postMessage({ type: "close" });
        this.#number += 1; // What it had sent before it heard of that is for nobody.
        reject(signal.reason as Error);
      };
      this.#onEnd = (status) => {
        signal.removeEventListener("abort", stop);
        resolve(status);
      };
      signal.addEventListener("abort", stop, { once: true });
      reader.postMessage({ type: "open", stream, path: PATH });
    });
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

  /**
   * Asks for the metrics of Spaces for as long as the answer is not closed.
   *
   * @param onPoint Is handed every report as it comes; sums are told without it.
   */
  watch(onPoint?: Watched["onPoint"]): Watch {
    const key = Symbol();
    return {
      set: (spaces) => {
        this.#watches.set(key, { spaces, onPoint });
        this.#tellReader();
        this.#tellSoon();
      },
      close: () => {
        this.#watches.delete(key);
        this.#tellReader();
        this.#tellSoon();
      },
    };
  }

  #begin(): Reader {
    let reader: Reader;
    try {
      reader = this.#spawn();
    } catch {
      this.#giveWorkersUp();
      reader = this.#spawn();
    }
    reader.onmessage = ({ data }) => this.#hear(data);
    reader.onerror = () => {
      reader.onmessage = reader.onerror = null;
      reader.terminate();
      this.#reader = null;
      this.#giveWorkersUp();
      this.#broken.abort(new Error("the stream could not be read"));
    };
    this.#reader = reader;
    this.#handlers.onReader();
    this.#tellReader();
    return reader;
  }

  #giveWorkersUp(): void {
    this.#alone = false;
    this.#spawn = () => new ReaderHere();
  }

  #hear(answer: WorkerAnswer): void {
    if (answer.type === "read") this.#takeRead(answer);
    else if (answer.stream !== this.#number) return;
    else if (answer.type === "opened") this.#onOpen();
    else this.#onEnd(answer.status);
  }

  #takeRead({ stream, events, points, uses }: ReaderAnswer): void {
    if (uses) this.#handlers.onUses(uses);
    if (stream !== this.#number) return;
    try {
      for (const event of events) this.#take(event);
      for (const { space, point } of points) {
        for (const { spaces, onPoint } of this.#watches.values()) {
          if (spaces.includes(space)) onPoint?.(point);
        }
      }
    } catch (error) {
      // The rest is lost: all is read again when the stream is opened anew.
      this.#broken.abort(error);
      throw error;
    }
  }

  #tellReader(): void {
    const followed = [...this.#watches.values()].filter((it) => it.onPoint);
    const spaces = followed.flatMap((it) => it.spaces);
    this.#reader?.postMessage({ type: "follow", spaces });
  }

  #take(event: ApiEvent): void {
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
    const spaces = [...new Set([...this.#watches.values()].flatMap((it) => it.spaces))].sort();
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
