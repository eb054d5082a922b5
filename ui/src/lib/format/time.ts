import { locale } from "$lib/i18n/locale.svelte";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Parts = [number, Intl.NumberFormatOptions["unit"]][];

function parts(ms: number): Parts {
  const all: Parts =
    ms < MINUTE
      ? [[Math.floor(ms / SECOND), "second"]]
      : ms < HOUR
        ? [[Math.floor(ms / MINUTE), "minute"]]
        : ms < DAY
          ? [
              [Math.floor(ms / HOUR), "hour"],
              [Math.floor((ms % HOUR) / MINUTE), "minute"],
            ]
          : [
              [Math.floor(ms / DAY), "day"],
              [Math.floor((ms % DAY) / HOUR), "hour"],
            ];
  return all.filter(([value], index) => index === 0 || value > 0);
}

/** `3 days 4 hr`, `12 min`: at most `units` units, in the person's language. */
export function duration(ms: number, units = 2): string {
  return parts(Math.max(0, ms))
    .slice(0, units)
    .map(([value, unit]) => unitFormat(unit).format(value))
    .join(" ");
}

/** `0:42`, `1:07:05`: what a watch shows of something that goes on. */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`;
}

/** `2 hours ago`, `yesterday`, in the person's language. */
export function relative(at: string | number | Date, now: number): string {
  const passed = now - new Date(at).getTime();
  const format = relativeFormat();
  const size = Math.abs(passed);
  const sign = passed < 0 ? 1 : -1;
  const inUnit = (unit: Intl.RelativeTimeFormatUnit, length: number) =>
    format.format(sign * Math.floor(size / length), unit);
  if (size < MINUTE) return inUnit("second", SECOND);
  if (size < HOUR) return inUnit("minute", MINUTE);
  if (size < DAY) return inUnit("hour", HOUR);
  if (size < 30 * DAY) return inUnit("day", DAY);
  if (size < 365 * DAY) return inUnit("month", 30 * DAY);
  return inUnit("year", 365 * DAY);
}

/** The whole date and time in the person's time zone, for hovers. */
export const absolute = (at: string | number | Date): string =>
  dateFormat({ dateStyle: "medium", timeStyle: "medium" }).format(new Date(at));

/** `14:06` today, `22 Nov` before. */
export function brief(at: string | number | Date, now: number): string {
  const date = new Date(at);
  const today = new Date(now).toDateString() === date.toDateString();
  return today
    ? dateFormat({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(date)
    : dateFormat({ day: "numeric", month: "short" }).format(date);
}

/** `14:06:07`, for log lines and the crosshair. */
export function clock(at: string | number | Date): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** What stands at a tick of a time axis whose ticks are `step` seconds apart; 0 for the whole of it. */
export function tickTime(at: number, step: number): string {
  const date = new Date(at);
  const day = () => dateFormat({ day: "numeric", month: "short" }).format(date);
  if (step === 0) return `${day()} ${clock(at).slice(0, 5)}`;
  const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
  if (midnight || step >= DAY / SECOND) return day();
  return clock(at).slice(0, step < 60 ? 8 : 5);
}

/** `14:06` today, `Sat 04:00` in the week around, `22 Nov, 04:00` beyond. */
export function moment(at: string | number | Date, now: number): string {
  const date = new Date(at);
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  if (new Date(now).toDateString() === date.toDateString()) return dateFormat(time).format(date);
  return Math.abs(date.getTime() - now) < 6 * DAY
    ? dateFormat({ weekday: "short", ...time }).format(date)
    : dateFormat({ day: "numeric", month: "short", ...time }).format(date);
}

const WHOLE = {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
} as const;

/** `Sun, 25 Oct 2026, 03:00 GMT+1`: with the zone, because what changes with summer time is to be seen. */
export const zoned = (at: string | number | Date): string =>
  dateFormat({ ...WHOLE, timeZoneName: "short" }).format(new Date(at));

/** The same of a time that the server has put into a zone, which this browser may not know. */
export function inItsZone(local: string): string {
  const wall = dateFormat({ ...WHOLE, timeZone: "UTC" }).format(new Date(`${local.slice(0, 19)}Z`));
  const offset = local.slice(19);
  return `${wall} UTC${offset === "Z" ? "" : offset}`;
}

/** The name of a day of the week; 0 and 7 are Sunday. */
export const weekdayName = (day: number, width: "long" | "short" = "long"): string =>
  // The fourth of January 1970 was a Sunday.
  dateFormat({ weekday: width, timeZone: "UTC" }).format(new Date((day + 3) * DAY));

const cache = new Map<string, unknown>();

function cached<T>(key: string, make: () => T): T {
  const full = `${locale.current} ${key}`;
  let found = cache.get(full) as T | undefined;
  if (!found) cache.set(full, (found = make()));
  return found;
}

const unitFormat = (unit: Intl.NumberFormatOptions["unit"]) =>
  cached(
    `unit ${unit}`,
    () => new Intl.NumberFormat(locale.current, { style: "unit", unit, unitDisplay: "short" }),
  );
const relativeFormat = () =>
  cached("relative", () => new Intl.RelativeTimeFormat(locale.current, { numeric: "auto" }));
const dateFormat = (options: Intl.DateTimeFormatOptions) =>
  cached(`date ${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(locale.current, options));
