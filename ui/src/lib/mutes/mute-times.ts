import { duration } from "$lib/format/time";
import * as m from "$lib/paraglide/messages";

export interface MuteTime {
  minutes: number;
  label: string;
}

/** When a day begins for somebody who wants to be left alone until then. */
const MORNING_HOUR = 8;
const MINUTE_MS = 60_000;

/** Whole minutes from `now` until the next morning. */
export function untilMorning(now: number): number {
  const morning = new Date(now);
  morning.setHours(MORNING_HOUR, 0, 0, 0);
  if (morning.getTime() <= now) morning.setDate(morning.getDate() + 1);
  return Math.max(1, Math.ceil((morning.getTime() - now) / MINUTE_MS));
}

/** For how long somebody may want to hear nothing. */
export const muteTimes = (now: number): MuteTime[] => [
  ...[60, 240, 1440].map((minutes) => ({
    minutes,
    label: m.mute_for({ time: duration(minutes * MINUTE_MS) }),
  })),
  { minutes: untilMorning(now), label: m.mute_until_morning() },
  { minutes: 10_080, label: m.mute_for({ time: duration(10_080 * MINUTE_MS) }) },
];
