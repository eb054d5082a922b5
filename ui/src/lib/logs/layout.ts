import { shownOf } from "./line";
import type { LogRows } from "./rows";

/**
 * Where each line of a log lies, when lines may wrap.
 *
 * The font has one width, so how many rows a line takes follows from its length; nothing has to be
 * measured, and a log of any length scrolls like a short one.
 */
export class LogLayout {
  /** `ends[i]` is the row after line `i`, counted from the first line that there ever was. */
  #ends: number[] = [];
  /** Lines of `#ends` that are forgotten already. */
  #gone = 0;
  /** The row in which the first line that is left begins. */
  #base = 0;
  readonly #columns: number;
  /** How many rows have been forgotten. */
  lost = 0;
  /** Which line of its rows comes next, counted from the first that there ever was. */
  #next = 0;

  /** @param columns Cells in a row; `Infinity` when lines do not wrap. */
  constructor(columns: number) {
    this.#columns = columns;
  }

  get rows(): number {
    return (this.#ends.at(-1) ?? this.#base) - this.#base;
  }

  get length(): number {
    return this.#ends.length - this.#gone;
  }

  /** Takes the lines that are new, and forgets those that are gone. */
  catchUp(source: LogRows): void {
    if (this.#next < source.gone) {
      // Everything that was here is gone, and more.
      this.drop(this.length);
      this.#next = source.gone;
    } else {
      this.drop(this.length - (this.#next - source.gone));
    }
    for (; this.#next < source.gone + source.rows.length; this.#next++) {
      const line = source.rows[this.#next - source.gone];
      if (line) this.append(this.#columns === Infinity ? "" : shownOf(line));
    }
  }

  append(text: string): void {
    this.#ends.push((this.#ends.at(-1) ?? this.#base) + rowsOf(text, this.#columns));
  }

  /** Forgets the first `count` lines. */
  drop(count: number): void {
    if (count <= 0) return;
    this.#gone += count;
    const base = this.#ends[this.#gone - 1] ?? this.#base;
    this.lost += base - this.#base;
    this.#base = base;
    // Moving all that is left costs as much as it has lines, so it waits until it is worth it.
    if (this.#gone > this.#ends.length / 2) {
      this.#ends = this.#ends.slice(this.#gone).map((end) => end - this.#base);
      this.#gone = 0;
      this.#base = 0;
    }
  }

  /** The row in which line `index` begins. */
  rowOf(index: number): number {
    return index === 0 ? 0 : (this.#ends[this.#gone + index - 1] ?? this.#base) - this.#base;
  }

  /** The line that covers `row`. */
  lineAt(row: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[this.#gone + middle] ?? 0) - this.#base > row) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

// East Asian wide forms and emoji take two cells.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
const NARROW_ONLY = /^[\u0000-\u10ff]*$/;
const TAB = 8;

/** How many cells a text takes. */
export function cellsOf(text: string): number {
  if (NARROW_ONLY.test(text) && !text.includes("\t")) return text.length;
  let cells = 0;
  for (const character of text) {
    if (character === "\t") cells += TAB - (cells % TAB);
    else cells += WIDE.test(character) ? 2 : 1;
  }
  return cells;
}

export const rowsOf = (text: string, columns: number): number =>
  columns === Infinity ? 1 : Math.max(1, Math.ceil(cellsOf(text) / columns));
