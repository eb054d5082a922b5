import { plain, type Span } from "./ansi";
import type { LogRows } from "./rows";

export interface SearchWish {
  text: string;
  regex: boolean;
  matchCase: boolean;
}

/** What to look for; `null` for nothing, and an error where the expression cannot be read. */
export function patternOf({ text, regex, matchCase }: SearchWish): RegExp | null | Error {
  if (text === "") return null;
  const source = regex ? text : text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  try {
    return new RegExp(source, matchCase ? "g" : "gi");
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The rows in which something is found, by their keys, oldest first. Grows with the log. */
export class LogMatches {
  keys: number[] = [];
  readonly pattern: RegExp;
  #next = 0;

  constructor(pattern: RegExp) {
    this.pattern = pattern;
  }

  /** Takes what the rows have got and lost since. */
  catchUp(source: LogRows): void {
    const { rows } = source;
    const first = rows[0]?.key ?? Infinity;
    const gone = this.keys.findIndex((key) => key >= first);
    if (gone !== 0) this.keys.splice(0, gone < 0 ? this.keys.length : gone);
    for (let index = source.indexOf(this.#next); index < rows.length; index++) {
      const row = rows[index];
      if (!row) continue;
      if (rangesOf(plain(row.line.text), this.pattern, 1).length > 0) this.keys.push(row.key);
      this.#next = row.key + 1;
    }
  }

  /** The match after `key`, or before it; around the end where there is none. */
  step(key: number | null, by: 1 | -1): number | null {
    const { keys } = this;
    if (keys.length === 0) return null;
    if (key === null) return (by === 1 ? keys[0] : keys.at(-1)) ?? null;
    const found = by === 1 ? keys.find((it) => it > key) : keys.findLast((it) => it < key);
    return found ?? (by === 1 ? keys[0] : keys.at(-1)) ?? null;
  }
}

/** A line of a megabyte is searched only so far: an expression may take very long over it. */
const SEARCHED = 20_000;

/** Where the pattern is found in a text. */
export function rangesOf(text: string, pattern: RegExp, most = 200): [number, number][] {
  const ranges: [number, number][] = [];
  const searched = text.length > SEARCHED ? text.slice(0, SEARCHED) : text;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(searched); match; match = pattern.exec(searched)) {
    // An expression may match nothing at all; that is nowhere.
    if (match[0] === "") pattern.lastIndex += 1;
    else ranges.push([match.index, match.index + match[0].length]);
    if (ranges.length >= most) break;
  }
  return ranges;
}

/** Cuts spans where a match begins and ends, and says which parts are found. */
export function withMarks(
  spans: readonly Span[],
  ranges: readonly [number, number][],
): (Span & { hit: boolean })[] {
  if (ranges.length === 0) return spans.map((span) => ({ ...span, hit: false }));
  const parts: (Span & { hit: boolean })[] = [];
  let at = 0;
  for (const { text, style } of spans) {
    let from = 0;
    const cut = (to: number, hit: boolean) => {
      if (to > from) parts.push({ text: text.slice(from, to), style, hit });
      from = Math.max(from, to);
    };
    for (const [begin, end] of ranges) {
      if (end <= at || begin >= at + text.length) continue;
      cut(begin - at, false);
      cut(Math.min(end - at, text.length), true);
    }
    cut(text.length, false);
    at += text.length;
  }
  return parts;
}
