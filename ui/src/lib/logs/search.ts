import type { Span } from "./ansi";

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

/** Where something begins and ends. */
export type Range = readonly [number, number];

/** Where the pattern is found in a text. */
export function rangesOf(text: string, pattern: RegExp, most = 200): Range[] {
  const ranges: Range[] = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
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
  ranges: readonly Range[],
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
