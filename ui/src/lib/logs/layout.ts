/**
 * Where each line of a log lies, when lines may wrap.
 *
 * The font has one width, so how many rows a line takes follows from its length; nothing has to be
 * measured, and a log of any length scrolls like a short one.
 */
export class LogLayout {
  /** `ends[i]` is the row after line `i`. */
  #ends: number[] = [];
  #columns: number;

  /** @param columns Cells in a row; `Infinity` when lines do not wrap. */
  constructor(columns: number) {
    this.#columns = columns;
  }

  get rows(): number {
    return this.#ends.at(-1) ?? 0;
  }

  get length(): number {
    return this.#ends.length;
  }

  append(text: string): void {
    this.#ends.push(this.rows + rowsOf(text, this.#columns));
  }

  /** Forgets the first `count` lines. */
  drop(count: number): void {
    const gone = this.#ends[count - 1] ?? 0;
    this.#ends = this.#ends.slice(count).map((end) => end - gone);
  }

  /** The row in which line `index` begins. */
  rowOf(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] ?? 0);
  }

  /** The line that covers `row`. */
  lineAt(row: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] ?? 0) > row) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

// East Asian wide forms and emoji take two cells.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
// eslint-disable-next-line no-control-regex
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
  Math.max(1, Math.ceil(cellsOf(text) / columns));
