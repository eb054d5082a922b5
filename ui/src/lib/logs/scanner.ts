import { rangesOf, type Range } from "./search";

/** As numbers one by one, a hundred thousand would take longer to hand over than to find. */
type Keys = Float64Array;

/** What a search is asked, off the page's own thread. */
export type ScanRequest =
  /** Lines to search from now on, joined by line ends; the first of all where `anew`. */
  | { type: "lines"; anew: boolean; keys: Keys; text: string }
  /** The lines before this key are forgotten. */
  | { type: "forget"; before: number }
  /** `regex`: it is an expression, which may match nothing at all. */
  | { type: "find"; search: number; source: string; flags: string; regex: boolean }
  /** Where the pattern is found in some lines. */
  | { type: "mark"; search: number; keys: readonly number[] };

export type ScanAnswer =
  /** It can be asked now. */
  | { type: "ready"; search: 0 }
  | { type: "found"; search: number; keys: Keys; done: boolean }
  | { type: "marks"; search: number; marks: [key: number, ranges: Range[]][] };

/** How many lines are searched between two looks at the clock. */
const LINES_A_LOOK = 200;

/** Finds the lines that match, a while at a time, so that whoever asks anew is heard in between. */
export class Scanner {
  #keys: number[] = [];
  #texts: string[] = [];
  /** Which line is searched next. */
  #next = 0;
  #search = 0;
  #pattern: RegExp | null = null;
  #regex = false;

  /** Takes a request. What can be answered at once is. */
  take(request: ScanRequest): ScanAnswer | null {
    switch (request.type) {
      case "lines":
        if (request.anew) this.#begin([], []);
        this.#add(request.keys, request.text);
        return null;
      case "forget":
        this.#forget(request.before);
        return null;
      case "find":
        this.#search = request.search;
        this.#pattern = new RegExp(request.source, request.flags);
        this.#regex = request.regex;
        this.#next = 0;
        return null;
      case "mark":
        if (request.search !== this.#search) return null;
        return { type: "marks", search: this.#search, marks: this.#marks(request.keys) };
    }
  }

  /** Searches for so many milliseconds; `null` where there is nothing to search. */
  scan(ms: number, clock = () => performance.now()): ScanAnswer | null {
    const pattern = this.#pattern;
    if (!pattern) return null;
    const until = clock() + ms;
    const keys: number[] = [];
    while (this.#next < this.#texts.length) {
      const end = Math.min(this.#texts.length, this.#next + LINES_A_LOOK);
      for (; this.#next < end; this.#next++) {
        const text = this.#texts[this.#next] ?? "";
        const key = this.#keys[this.#next];
        if (key !== undefined && matches(text, pattern, this.#regex)) keys.push(key);
      }
      if (clock() >= until) break;
    }
    const done = this.#next === this.#texts.length;
    return { type: "found", search: this.#search, keys: Float64Array.from(keys), done };
  }

  #begin(keys: number[], texts: string[]): void {
    this.#keys = keys;
    this.#texts = texts;
    this.#next = 0;
  }

  #add(keys: Keys, text: string): void {
    if (keys.length === 0) return;
    for (const key of keys) this.#keys.push(key);
    for (const line of text.split("\n")) this.#texts.push(line);
  }

  #forget(before: number): void {
    const first = this.#keys.findIndex((key) => key >= before);
    const gone = first < 0 ? this.#keys.length : first;
    this.#keys.splice(0, gone);
    this.#texts.splice(0, gone);
    this.#next = Math.max(0, this.#next - gone);
  }

  #marks(keys: readonly number[]): [number, Range[]][] {
    const pattern = this.#pattern;
    if (!pattern) return [];
    const wanted = new Set(keys);
    return this.#keys.flatMap((key, index): [number, Range[]][] =>
      wanted.has(key) ? [[key, rangesOf(this.#texts[index] ?? "", pattern)]] : [],
    );
  }
}

/** Where nothing or plain text is found, no more is made of it than the answer. */
function matches(text: string, pattern: RegExp, regex: boolean): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text) && (!regex || rangesOf(text, pattern, 1).length > 0);
}
