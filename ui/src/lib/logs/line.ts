import type { LogLine } from "$lib/api/types";
import { levelOf, plain, spans, type Level, type Span } from "./ansi";

/** A line as it is kept. */
export interface Line {
  /** Its place in the log, which stays the same when older lines are forgotten. */
  readonly key: number;
  readonly at: string | null;
  /** As the Hub sent it, colour codes and all. */
  readonly text: string;
  /** As it is read, searched and copied. */
  readonly plain: string;
  /** When it came; as the line before it, where it does not say. */
  readonly time: number;
  /** Whose it is, where the lines of several Spaces are shown together. */
  readonly space: string | null;
  /** The stage that its Space went into then; it is no line of the log itself. */
  readonly stage: string | null;
}

export const lineOf = (
  key: number,
  { at, text }: LogLine,
  { time, space, stage }: Pick<Line, "time" | "space" | "stage">,
): Line => ({ key, at: at ?? null, text, plain: plain(text), time, space, stage });

/** A megabyte in one line would stop the page; the copy and the download have it whole. */
export const MOST_SHOWN = 20_000;
/** Colour codes take room too, which nobody sees. */
const MOST_READ = 4 * MOST_SHOWN;

/** What is shown, measured and searched of a line. */
export const shownOf = (line: Line): string =>
  line.plain.length > MOST_SHOWN ? `${line.plain.slice(0, MOST_SHOWN)}…` : line.plain;

/** How a line is drawn. */
export interface Look {
  parts: readonly Span[];
  /** The level that it names, where it brings no colours of its own. */
  tone: Level | null;
  /** It is certain to keep within its rows: no sign is taller or wider than the font's own. */
  even: boolean;
}

const EVEN = /^[\u0020-\u007e]*$/;

const looks = new WeakMap<Line, Look>();

/** How a line is drawn; found once for each line that comes into view. */
export function lookOf(line: Line): Look {
  let look = looks.get(line);
  if (!look) looks.set(line, (look = read(line)));
  return look;
}

function read(line: Line): Look {
  const long = line.plain.length > MOST_SHOWN;
  const parts = cut(spans(long ? line.text.slice(0, MOST_READ) : line.text), long);
  const coloured = parts.some((part) => part.style !== "");
  return { parts, tone: coloured ? null : levelOf(line.plain), even: EVEN.test(line.plain) };
}

/** More elements than these are not made of one line. */
const MOST_PARTS = 400;

function cut(parts: readonly Span[], long: boolean): readonly Span[] {
  if (!long && parts.length <= MOST_PARTS) return parts;
  const kept: Span[] = [];
  let room = MOST_SHOWN;
  for (const { text, style } of parts) {
    const last = kept.at(-1);
    const piece = text.length > room ? `${text.slice(0, room)}…` : text;
    if (last && kept.length >= MOST_PARTS) last.text += piece;
    else kept.push({ text: piece, style: kept.length === MOST_PARTS - 1 ? "" : style });
    room -= text.length;
    if (room < 0) break;
  }
  return kept;
}
