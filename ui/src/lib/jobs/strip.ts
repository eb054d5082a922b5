import type { Upcoming } from "./upcoming.svelte";

/** A job that fires so often is drawn as a line. */
export const OFTEN = 24;

/** A job on the strip: its name at its first time, marks at the others. */
export interface Placed {
  upcoming: Upcoming;
  lane: number;
  /** From 0 to 1. */
  left: number;
  /** Of the name, from 0 to 1; what lies at the end is drawn to the left of its time. */
  width: number;
  marks: readonly number[];
  /** From where to where a line stands for very many times; `null` where each is drawn. */
  line: { from: number; to: number } | null;
}

export interface Layout {
  placed: readonly Placed[];
  lanes: number;
  /** For which there is no room. */
  left: readonly Upcoming[];
}

const MARK_PX = 12;

/**
 * Puts jobs into lanes, the first that is free, so that no two names cover each other.
 *
 * @param nameWidth How wide the name of a job is drawn, in pixels.
 */
export function layout(
  upcoming: readonly Upcoming[],
  from: number,
  to: number,
  width: number,
  most: number,
  nameWidth: (upcoming: Upcoming) => number,
): Layout {
  const lanes: { from: number; to: number }[][] = [];
  const placed: Placed[] = [];
  const left: Upcoming[] = [];
  const share = (at: number) => Math.max(0, Math.min(1, (at - from) / (to - from)));
  for (const it of upcoming) {
    const [first = 0, ...later] = it.times.map(share);
    const name = nameWidth(it) / width;
    const begin = Math.max(0, Math.min(first, 1 - name));
    const often = it.times.length >= OFTEN;
    const last = later.at(-1) ?? first;
    const mark = MARK_PX / width;
    const marks = often ? [] : later.filter((at) => at > begin + name);
    const taken = [
      { from: begin, to: Math.max(begin + name, often ? last : 0) },
      ...marks.map((at) => ({ from: at - mark / 2, to: at + mark })),
    ];
    const free = (lane: { from: number; to: number }[]) =>
      !lane.some((a) => taken.some((b) => a.from < b.to && b.from < a.to));
    let lane = lanes.findIndex(free);
    if (lane < 0 && lanes.length < most) lane = lanes.push([]) - 1;
    if (lane < 0) {
      left.push(it);
      continue;
    }
    lanes[lane]?.push(...taken);
    placed.push({
      upcoming: it,
      lane,
      left: begin,
      width: name,
      marks,
      line: often ? { from: begin + name, to: last } : null,
    });
  }
  return { placed, lanes: lanes.length, left };
}

/** The full hours on the strip that are shown, every third of the day. */
export function hours(from: number, to: number): number[] {
  const found: number[] = [];
  const date = new Date(from);
  date.setMinutes(0, 0, 0);
  for (
    date.setHours(date.getHours() + 1);
    date.getTime() < to;
    date.setHours(date.getHours() + 1)
  ) {
    if (date.getHours() % 3 === 0) found.push(date.getTime());
  }
  return found;
}
