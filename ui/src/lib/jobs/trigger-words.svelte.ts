import type { Trigger } from "$lib/api/types";
import { absolute, duration, weekdayName } from "$lib/format/time";
import { locale } from "$lib/i18n/locale.svelte";
import * as m from "$lib/paraglide/messages";

/** The time zone of whoever looks. */
export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** When something is done, in words: `Every day at 04:00`. */
export function triggerWord(trigger: Trigger): string {
  switch (trigger.type) {
    case "every":
      return m.when_every({ time: duration(trigger.seconds * 1000) });
    case "cron":
      return cronWord(trigger.expression);
    case "once":
      return m.when_once({ time: absolute(trigger.at) });
  }
}

/** The zone of a trigger by the clock, where it is not that of whoever looks. */
export const foreignZone = (trigger: Trigger): string | null =>
  trigger.type === "cron" && trigger.zone !== ownZone() ? trigger.zone : null;

/** What most people want of cron is said as they would say it; the rest is described field by field. */
export function cronWord(expression: string): string {
  return usualWord(expression.trim()) ?? describer.describe(expression) ?? expression;
}

function usualWord(expression: string): string | null {
  const [minute = "", hour = "", day, month, weekday = "", more] = expression.split(/\s+/);
  if (month !== "*" || more !== undefined) return null;
  const time = clockOf(minute, hour);
  if (time === null) return null;
  if (day === "*" && weekday === "*") return m.when_daily({ time });
  if (day === "*") {
    if (/^(1-5|MON-FRI)$/i.test(weekday)) return m.when_workdays({ time });
    return /^[0-7]$/.test(weekday)
      ? m.when_weekly({ day: weekdayName(Number(weekday)), time })
      : null;
  }
  return weekday === "*" && day && /^([1-9]|[12]\d|3[01])$/.test(day)
    ? m.when_monthly({ day, time })
    : null;
}

function clockOf(minute: string, hour: string): string | null {
  if (!/^[0-5]?\d$/.test(minute) || !/^([01]?\d|2[0-3])$/.test(hour)) return null;
  return `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
}

type Describe = (expression: string, options: object) => string;

/** The library that knows the rest of cron; it is loaded when an expression first needs it. */
class Describer {
  #describe = $state.raw<Describe | null>(null);
  #asked = false;

  /** `null` while it is loaded, and for what is no cron expression. */
  describe(expression: string): string | null {
    this.#load();
    try {
      const words = this.#describe?.(expression, {
        use24HourTimeFormat: true,
        locale: locale.current === "zh-CN" ? "zh_CN" : "en",
      });
      // The library writes Chinese with the comma of English.
      return words ? (locale.current === "zh-CN" ? words.replaceAll(", ", "，") : words) : null;
    } catch {
      return null;
    }
  }

  #load(): void {
    if (this.#asked) return;
    this.#asked = true;
    Promise.all([import("cronstrue"), import("cronstrue/locales/zh_CN")]).then(
      ([{ default: cronstrue }]) =>
        (this.#describe = (words, how) => cronstrue.toString(words, how)),
      () => (this.#asked = false), // The expression is shown as it is.
    );
  }
}

const describer = new Describer();
