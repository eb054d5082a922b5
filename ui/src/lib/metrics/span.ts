/** A part of the time axis, in seconds. */
export interface Span {
  from: number;
  until: number;
}

/** Less than this is not drawn closer. */
export const LEAST_SPAN = 5;

const lengthOf = ({ from, until }: Span) => until - from;

/** Half of what is shown, around a moment or at its end; what is shown where that is too little. */
export function closer(shown: Span, around: number | null): Span {
  const half = lengthOf(shown) / 2;
  if (half < LEAST_SPAN) return shown;
  return moved({ from: shown.until - half, until: shown.until }, around ?? shown.until, shown);
}

/** Twice what is shown; `null` where that is all that there is. */
export function further(shown: Span, whole: Span): Span | null {
  const twice = lengthOf(shown) * 2;
  if (twice >= lengthOf(whole)) return null;
  const middle = (shown.from + shown.until) / 2;
  return moved({ from: middle - twice / 2, until: middle + twice / 2 }, middle, whole);
}

/** A span of the same length with `moment` in its middle, as far as `within` lets it. */
function moved(span: Span, moment: number, within: Span): Span {
  const length = lengthOf(span);
  const from = Math.min(Math.max(moment - length / 2, within.from), within.until - length);
  return { from, until: from + length };
}

/** Follows a moment out of sight: moves a span no more than it takes to show the moment. */
export function following(span: Span, moment: number): Span {
  const by = Math.min(0, moment - span.from) + Math.max(0, moment - span.until);
  return by === 0 ? span : { from: span.from + by, until: span.until + by };
}

/**
 * Another one once a span of so many pixels has moved by about one: a move over less is not seen,
 * so it is not drawn. Where a pixel stands for several seconds, each turn has another one of them.
 */
export function beatOf({ from, until }: Span, pixels: number, turn: number): string {
  const step = Math.max(1, Math.round((until - from) / pixels));
  const count = (at: number) => Math.floor((at + turn) / step);
  return `${step} ${count(from)} ${count(until)}`;
}

/** How many key presses lead from one end of what is shown to the other. */
const STEPS = 60;

/** The moment of a report before or after another one; the newest where none was chosen. */
export function stepped(
  x: readonly number[],
  shown: Span,
  moment: number | null,
  by: -1 | 1,
): number | null {
  const visible = x.filter((at) => at >= shown.from && at <= shown.until).length;
  const step = Math.max(1, Math.round(visible / STEPS));
  if (x.length === 0) return null;
  if (moment === null) return x.at(-1) ?? null;
  const after = x.findIndex((at) => at >= moment);
  const here = after < 0 ? x.length - 1 : after;
  return x[Math.min(Math.max(here + by * step, 0), x.length - 1)] ?? null;
}
