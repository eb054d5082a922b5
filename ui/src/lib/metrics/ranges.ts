import { duration } from "$lib/format/time";
import * as m from "$lib/paraglide/messages";

/** How far back the charts go: what streams in, or what is kept. */
export const RANGES = ["live", "1h", "6h", "24h", "7d", "30d"] as const;
export type Range = (typeof RANGES)[number];

const SECONDS: Record<Range, number> = {
  live: 15 * 60,
  "1h": 3_600,
  "6h": 6 * 3_600,
  "24h": 24 * 3_600,
  "7d": 7 * 24 * 3_600,
  "30d": 30 * 24 * 3_600,
};

export const secondsOf = (range: Range): number => SECONDS[range];

export const rangeWord = (range: Range): string =>
  range === "live" ? m.range_live() : duration(SECONDS[range] * 1000, 1);

/** The ranges that show more than the one before them, by the oldest that is kept. */
export function offeredRanges(earliest: number | null, now: number, chosen: Range): Range[] {
  const reach = earliest === null ? 0 : (now - earliest) / 1000;
  return RANGES.filter((range, index) => {
    const shorter = RANGES[index - 1];
    return index < 2 || range === chosen || (shorter && reach > SECONDS[shorter]);
  });
}
