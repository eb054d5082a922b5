import { duration } from "$lib/format/time";
import * as m from "$lib/paraglide/messages";

/** When a Space falls asleep, in words; from seconds, `null` is never. */
export const sleepWord = (seconds: number | null): string =>
  seconds === null ? m.sleep_never() : m.sleep_idle({ time: duration(seconds * 1000) });
