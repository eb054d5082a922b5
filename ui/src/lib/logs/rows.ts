import { levelOf } from "./ansi";
import type { Line } from "./line";
import type { LogStream } from "./log-stream.svelte";

/** Which lines are shown: all, or those that name a level at least so bad. */
export type LevelFilter = "all" | "warnings" | "errors";

/** The lines of a log that are shown. Grows with the log, never made anew. */
export class LogRows {
  rows: readonly Line[];
  /** How many rows have been forgotten. */
  gone: number;
  readonly #log: LogStream;
  readonly #level: LevelFilter;
  readonly #found: Line[] = [];
  /** The key of the line that comes next. */
  #next: number;

  constructor(log: LogStream, level: LevelFilter) {
    this.#log = log;
    this.#level = level;
    this.#next = log.dropped;
    this.gone = level === "all" ? log.dropped : 0;
    this.rows = level === "all" ? log.lines : this.#found;
  }

  /** Takes what the log has got and lost since. */
  catchUp(): void {
    const { lines, dropped } = this.#log;
    if (this.#level === "all") {
      this.gone = dropped;
      return;
    }
    const lost = lowerBound(this.#found, dropped);
    this.#found.splice(0, lost);
    this.gone += lost;
    this.#next = Math.max(this.#next, dropped);
    for (; this.#next < dropped + lines.length; this.#next++) {
      const line = lines[this.#next - dropped];
      if (line && (line.stage !== null || passes(line.plain, this.#level))) this.#found.push(line);
    }
  }

  /** The place of the first row whose key is `key` or later. */
  indexOf(key: number): number {
    return lowerBound(this.rows, key);
  }
}

function passes(text: string, level: LevelFilter): boolean {
  if (level === "all") return true;
  const named = levelOf(text);
  return named === "error" || (level === "warnings" && named === "warning");
}

/** The place of the first of `rows`, sorted by their keys, whose key is `key` or later. */
function lowerBound(rows: readonly { key: number }[], key: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.key ?? 0) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
