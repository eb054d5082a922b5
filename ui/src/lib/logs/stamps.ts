import { clock, relative } from "$lib/format/time";

/** How the time of a line is written. */
export const STAMPS = ["local", "utc", "relative", "none"] as const;
export type Stamp = (typeof STAMPS)[number];

/** How many cells it takes, with the room after it. */
export const stampCells = (stamp: Stamp): number =>
  stamp === "none" ? 0 : stamp === "relative" ? 15 : 9.5;

export function stampText(at: number, stamp: Stamp, now: number): string {
  switch (stamp) {
    case "local":
      return clock(at);
    case "utc":
      return new Date(at).toISOString().slice(11, 19);
    case "relative":
      return relative(at, now);
    case "none":
      return "";
  }
}
