import type { LogLine } from "$lib/api/types";
import { levelOf, plain } from "./ansi";
import { LogLayout } from "./layout";
import type { LogStream } from "./log-stream.svelte";

/** Which lines are shown: all, or those that name a level at least so bad. */
export type LevelFilter = "all" | "warnings" | "errors";

/** A line with its place in the log, which stays the same when older ones are forgotten. */
export interface Row {
  key: number;
  line: LogLine;
}

/** The lines of a log that are shown, and where they lie. Grows with the log, never made anew. */
export class LogRows {
  rows: Row[] = [];
  readonly layout: LogLayout;
  readonly #log: LogStream;
  readonly #level: LevelFilter;
  /** The key of the line that comes next. */
  #next: number;

  /** @param columns Cells in a row; `Infinity` when lines do not wrap. */
  constructor(log: LogStream, level: LevelFilter, columns: number) {
    this.#log = log;
    this.#level = level;
    this.#next = log.dropped;
    this.layout = new LogLayout(columns);
  }

  /** Takes what the log has got and lost since. */
  catchUp(): void {
    const { lines, dropped } = this.#log;
    const gone = lowerBound(this.rows, dropped);
    if (gone > 0) {
      this.rows.splice(0, gone);
      this.layout.drop(gone);
    }
    this.#next = Math.max(this.#next, dropped);
    for (; this.#next < dropped + lines.length; this.#next++) {
      const line = lines[this.#next - dropped];
      if (!line || !passes(line.text, this.#level)) continue;
      this.rows.push({ key: this.#next, line });
      this.layout.append(plain(line.text));
    }
  }

  /** The place of the first row whose key is `key` or later. */
  indexOf(key: number): number {
    return lowerBound(this.rows, key);
  }
}

function passes(text: string, level: LevelFilter): boolean {
  if (level === "all") return true;
  const named = levelOf(plain(text));
  return named === "error" || (level === "warnings" && named === "warning");
}

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
