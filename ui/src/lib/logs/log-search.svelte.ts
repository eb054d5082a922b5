import { type Line, lookOf, shownOf } from "./line";
import type { LogRows } from "./rows";
import type { ScanAnswer, ScanRequest } from "./scanner";
import { patternOf, rangesOf, withMarks, type Range, type SearchWish } from "./search";
import type { Span } from "./ansi";

/** Who searches; a worker, but in a test. */
export interface Searcher {
  onerror: ((event: ErrorEvent) => unknown) | null;
  onmessage: ((event: MessageEvent<ScanAnswer>) => unknown) | null;
  postMessage: (request: ScanRequest) => void;
  terminate: () => void;
}

export const spawnSearcher = (): Searcher =>
  new Worker(new URL("./search-worker.ts", import.meta.url), { type: "module" });

/** Whoever searches says something every few milliseconds; after so long it is lost in one line. */
const LOST_MS = 2_000;
/** What it said while the page itself was busy is heard first. */
const GRACE_MS = 250;

/**
 * What is looked for in a log, and where it is.
 *
 * Lines are searched by a worker, which is ended when an expression keeps it too long. Only plain
 * text is looked for here too, to mark it in what is on screen: that takes no longer than reading it.
 */
export class LogSearch {
  readonly #spawn: () => Searcher;
  #searcher: Searcher | null = null;
  #ready = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rows: LogRows | null = null;
  /** How many rows have been handed over, and how many of those are forgotten. */
  #handed = 0;
  #forgotten = 0;
  /** Answers to an older search are not heard. */
  #search = 0;
  #pattern: RegExp | null = null;
  #regex = false;
  #marks = new Map<number, readonly Range[]>();
  #asked = new Set<number>();
  #parts = new WeakMap<Line, (Span & { hit: boolean })[]>();
  /** The rows in which something is found, by their keys, oldest first. */
  #keys: number[] = [];
  #version = $state(0);
  #status = $state.raw<"nothing" | "searching" | "done" | "broken" | "too_slow">("nothing");

  constructor(spawn: () => Searcher = spawnSearcher) {
    this.#spawn = spawn;
  }

  /** `broken`: the expression cannot be read. `too_slow`: it takes too long over a line. */
  get status() {
    return this.#status;
  }

  /** How many lines match. */
  get count(): number {
    void this.#version;
    return this.#keys.length;
  }

  /** Which of them a line is, from 1; 0 where it is none of them. */
  placeOf(key: number): number {
    void this.#version;
    const place = this.#placeAfter(key);
    return this.#keys[place - 1] === key ? place : 0;
  }

  /** Gets ready before there is anything to look for: the start takes longer than a search. */
  prepare(): void {
    if (this.#searcher || this.#pattern) return;
    this.#searcher = this.#start();
    this.#handOver();
  }

  look(wish: SearchWish): void {
    const pattern = patternOf(wish);
    this.#regex = wish.regex;
    this.#pattern = pattern instanceof RegExp ? pattern : null;
    this.#status = pattern === null ? "nothing" : pattern instanceof Error ? "broken" : "searching";
    this.#begin();
  }

  /** Takes what the rows have got and lost since; other rows are searched from the start. */
  feed(rows: LogRows): void {
    if (rows !== this.#rows) {
      this.#rows = rows;
      this.#handed = -1;
      if (this.#pattern && this.#status !== "too_slow") this.#begin();
    } else if (this.#searcher && this.#pattern) {
      this.#handOver();
    }
  }

  /** The match after `key`, or before it; around the end where there is none. */
  step(key: number | null, by: 1 | -1): number | null {
    const keys = this.#keys;
    if (keys.length === 0) return null;
    const last = keys.length - 1;
    if (key === null) return keys[by === 1 ? 0 : last] ?? null;
    const after = this.#placeAfter(key);
    const place = by === 1 ? after : this.#placeAfter(key - 1) - 1;
    return keys[place < 0 ? last : place > last ? 0 : place] ?? null;
  }

  /** The parts of a line, with what is found in it marked. */
  partsOf(line: Line): readonly (Span & { hit?: boolean })[] {
    void this.#version;
    const { parts } = lookOf(line);
    if (!this.#pattern) return parts;
    const known = this.#parts.get(line);
    if (known) return known;
    const ranges = this.#regex ? this.#marks.get(line.key) : rangesOf(shownOf(line), this.#pattern);
    if (!ranges || ranges.length === 0) return parts;
    const marked = withMarks(parts, ranges);
    this.#parts.set(line, marked);
    return marked;
  }

  /** Asks where an expression is found in the lines on screen. */
  mark(lines: readonly Line[]): void {
    if (!this.#regex || !this.#pattern || !this.#searcher) return;
    const keys = lines.map((line) => line.key).filter((key) => !this.#asked.has(key));
    if (keys.length === 0) return;
    for (const key of keys) this.#asked.add(key);
    this.#ask({ type: "mark", search: this.#search, keys });
  }

  close(): void {
    this.#settle();
    this.#searcher?.terminate();
    this.#searcher = null;
    this.#ready = false;
    this.#handed = -1;
  }

  /** Searches from the start. */
  #begin(): void {
    this.#search += 1;
    this.#keys = [];
    this.#marks = new Map();
    this.#asked = new Set();
    this.#parts = new WeakMap();
    this.#version += 1;
    if (!this.#pattern) return;
    this.#searcher ??= this.#start();
    this.#handOver();
    const { source, flags } = this.#pattern;
    this.#ask({ type: "find", search: this.#search, source, flags, regex: this.#regex });
  }

  #start(): Searcher {
    const searcher = this.#spawn();
    searcher.onmessage = ({ data }) => this.#take(data);
    searcher.onerror = () => this.#lose(this.#search);
    this.#handed = -1;
    return searcher;
  }

  #handOver(): void {
    const rows = this.#rows;
    if (!rows) return;
    const anew = this.#handed < 0;
    if (anew) this.#forgotten = rows.gone;
    this.#handed = Math.max(this.#handed, rows.gone);
    if (rows.gone > this.#forgotten) {
      this.#forgotten = rows.gone;
      const before = rows.rows[0]?.key ?? Infinity;
      this.#ask({ type: "forget", before });
      this.#keys.splice(0, this.#placeAfter(before - 1));
      this.#version += 1;
    }
    const fresh = rows.rows.slice(this.#handed - rows.gone);
    if (fresh.length === 0 && !anew) return;
    this.#handed += fresh.length;
    const keys = Float64Array.from(fresh, (line) => line.key);
    this.#ask({ type: "lines", anew, keys, text: fresh.map(shownOf).join("\n") });
  }

  #ask(request: ScanRequest): void {
    this.#searcher?.postMessage(request);
    this.#expect();
  }

  /** Whoever is asked must answer in time; what it is asked meanwhile gives it no longer. */
  #expect(): void {
    if (!this.#ready || this.#timer !== undefined) return;
    const search = this.#search;
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(() => this.#lose(search), GRACE_MS);
    }, LOST_MS);
  }

  #take(answer: ScanAnswer): void {
    this.#settle();
    if (answer.type === "ready") {
      this.#ready = true;
      if (this.#pattern) this.#expect();
      return;
    }
    const old = answer.search !== this.#search;
    if (this.#pattern && (old || this.#status === "searching")) this.#expect();
    if (old) return;
    if (answer.type === "marks") {
      for (const [key, ranges] of answer.marks) this.#marks.set(key, ranges);
    } else {
      for (const key of answer.keys) this.#keys.push(key);
      this.#status = answer.done ? "done" : "searching";
      if (answer.done) this.#settle();
    }
    this.#version += 1;
  }

  #lose(search: number): void {
    this.close();
    // It was lost in an expression that nobody looks for any more.
    if (search !== this.#search) return this.#begin();
    this.#keys = [];
    this.#marks = new Map();
    this.#parts = new WeakMap();
    this.#status = "too_slow";
    this.#version += 1;
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** How many matches come up to `key`, itself counted. */
  #placeAfter(key: number): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#keys[middle] ?? 0) <= key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
