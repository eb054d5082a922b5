import { ApiError, type Api } from "$lib/api/client";
import { readStream, reconnectDelay, wait } from "$lib/api/event-stream";
import { eventsOf } from "$lib/api/sse";
import type { LogLine, LogUpdate, StageChange } from "$lib/api/types";
import { ownerOf, nameOf } from "$lib/spaces/space";
import { stageWord } from "$lib/spaces/stage";
import { lineOf, type Line } from "./line";

export type LogKind = "run" | "build";

/** More lines than this are not kept on the page; the oldest go first. */
export const KEEP_LINES = 100_000;
/** Nor more characters, because a line may be a megabyte. */
const KEEP_CHARACTERS = 60_000_000;
/** Lines are forgotten by so many at a time, because forgetting moves all that stay. */
export const FORGET_LINES = 2_000;
/** A line may come so much later than a newer one of another Space; what is later still is moved. */
const ORDER_MS = 1_000;

/** What a reader of several logs is told: whose it is, too. */
type MergedUpdate = LogUpdate & { space?: string };

/** Where the log of one Space is read. */
export const pathOfLog = (space: string, kind: LogKind): string =>
  `/api/v1/spaces/${encodeURIComponent(ownerOf(space))}/${encodeURIComponent(nameOf(space))}/logs/${kind}/stream?tail=${KEEP_LINES}`;

/** Where the logs of several Spaces are read as one. */
export function pathOfLogs(spaces: readonly string[], kind: LogKind): string {
  const query = new URLSearchParams(spaces.map((space) => ["space", space]));
  query.set("tail", String(Math.floor(KEEP_LINES / Math.max(1, spaces.length))));
  return `/api/v1/logs/${kind}/stream?${query}`;
}

/** The longest that lines wait to be shown, where nobody draws a frame or keeps the time. */
const LONGEST_MS = { frame: 500, second: 15_000 };

/**
 * A log that is followed. Lines arrive in batches, one for each frame that the browser draws, or
 * one a second where the log stands beside what moves with the seconds.
 */
export class LogStream {
  /** The lines that are kept, by their keys. Changed in place; `version` tells when. */
  readonly lines: Line[] = [];
  /** How many lines have been forgotten since the start: the key of the first that is left. */
  dropped = 0;
  #version = $state(0);
  #status = $state.raw<"connecting" | "open" | "lost" | "refused">("connecting");
  #error = $state.raw<unknown>(null);
  #waitingFor = $state.raw<ReadonlyMap<string, string>>(new Map());
  #waiting: { line: LogLine; space: string | null; stage: string | null }[] = [];
  /** The changes of a stage that stand among the lines. */
  readonly #marked = new Set<string>();
  #hurry = (): void => {};
  readonly #beat: keyof typeof LONGEST_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #characters = 0;
  /** When the newest line came, and the last one of each Space: one that does not say came with it. */
  #newest = -Infinity;
  readonly #lastOf = new Map<string | null, number>();

  /** @param beat With `second`, whoever keeps the time calls `flush`. */
  constructor(beat: keyof typeof LONGEST_MS = "frame") {
    this.#beat = beat;
  }

  get version(): number {
    return this.#version;
  }

  get status() {
    return this.#status;
  }

  get error(): unknown {
    return this.#error;
  }

  /** Why the Hub sends nothing now, in its words, by Space; the log of only one has no name here. */
  get waitingFor(): ReadonlyMap<string, string> {
    return this.#waitingFor;
  }

  async run(api: Api, path: string, signal: AbortSignal): Promise<void> {
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
            onPiece: eventsOf((data) => this.take(JSON.parse(data) as MergedUpdate)),
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
      await Promise.race([wait(reconnectDelay(attempt), signal), this.#asked()]);
    }
  }

  /** Tries at once what would be tried a little later. */
  retry(): void {
    this.#hurry();
  }

  #asked(): Promise<void> {
    return new Promise((resolve) => (this.#hurry = resolve));
  }

  take(update: MergedUpdate): void {
    const space = update.space ?? null;
    switch (update.type) {
      case "reset":
        this.clear(space);
        break;
      case "lines":
        this.add(update.data, space);
        break;
      case "connected":
        this.#tellWaiting(space, null);
        break;
      case "waiting":
        this.#tellWaiting(space, update.data.reason);
        break;
    }
  }

  /** Forgets what is shown, of one Space where it is named; the stream goes on. */
  clear(space: string | null = null): void {
    if (space === null) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#waiting = [];
      this.#replace([]);
    } else {
      this.#waiting = this.#waiting.filter((it) => it.space !== space);
      this.#lastOf.delete(space);
      // Another container begins another log; that the stage changed stays true.
      const stays = (line: Line) => line.space !== space || line.stage !== null;
      if (!this.lines.every(stays)) this.#replace(this.lines.filter(stays));
    }
    this.#version += 1;
  }

  add(lines: readonly LogLine[], space: string | null = null): void {
    for (const line of lines) this.#waiting.push({ line, space, stage: null });
    this.#schedule();
  }

  /** Puts changes of a stage among the lines, as far as there are any from then. */
  mark(changes: readonly StageChange[], named: boolean): void {
    const first = this.lines[0]?.time;
    if (first === undefined) return;
    for (const { at, from, to, space } of changes) {
      const key = `${space} ${at} ${to}`;
      if (from == null || Date.parse(at) < first || this.#marked.has(key)) continue;
      this.#marked.add(key);
      const line = { at, text: stageWord(to) };
      this.#waiting.push({ line, space: named ? space : null, stage: to });
      this.#schedule();
    }
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const flush = () => this.flush();
    // A hidden page draws no frames; the timer keeps its backlog bounded.
    this.#timer = setTimeout(flush, LONGEST_MS[this.#beat]);
    // Who waits for the first lines sees them at once.
    if (this.#beat === "frame" || this.lines.length === 0)
      globalThis.requestAnimationFrame?.(flush);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    // What a Space has said before it is read here belongs between the lines of the others.
    const known = new Set(this.#lastOf.keys());
    let outOfOrder = false;
    for (const { line, space, stage } of waiting) {
      const time = line.at ? Date.parse(line.at) : (this.#lastOf.get(space) ?? 0);
      const late = stage === null && known.has(space) ? ORDER_MS : 0;
      if (stage === null) this.#lastOf.set(space, time);
      outOfOrder ||= (space !== null || stage !== null) && time < this.#newest - late;
      this.#newest = Math.max(this.#newest, time);
      const kept = lineOf(this.dropped + this.lines.length, line, { time, space, stage });
      this.#characters += kept.plain.length;
      this.lines.push(kept);
    }
    if (outOfOrder) this.#replace(this.lines.toSorted((a, b) => a.time - b.time));
    this.#forget();
    this.#version += 1;
  }

  #forget(): void {
    let over = this.lines.length - KEEP_LINES;
    if (over < FORGET_LINES) over = 0;
    let left = this.#characters;
    for (let index = 0; index < over; index++) left -= this.lines[index]?.plain.length ?? 0;
    while (left > KEEP_CHARACTERS && over < this.lines.length - 1) {
      left -= this.lines[over]?.plain.length ?? 0;
      over += 1;
    }
    if (over === 0) return;
    this.lines.splice(0, over);
    this.dropped += over;
    this.#characters = left;
  }

  /** Other lines, or the same in another order: all that were there are gone, under their keys. */
  #replace(lines: readonly Line[]): void {
    this.dropped += this.lines.length;
    const anew = lines.map((line, index) => ({ ...line, key: this.dropped + index }));
    this.#characters = anew.reduce((sum, line) => sum + line.plain.length, 0);
    this.#newest = anew.at(-1)?.time ?? -Infinity;
    this.lines.length = 0;
    for (const line of anew) this.lines.push(line);
  }

  #tellWaiting(space: string | null, reason: string | null): void {
    const next = new Map(this.#waitingFor);
    if (reason === null) next.delete(space ?? "");
    else next.set(space ?? "", reason);
    this.#waitingFor = next;
  }
}
