import { afterEach, describe, expect, it } from "vitest";
import { dollars, memory, memoryOf, percent, rate, traffic } from "./number";
import { brief, duration, relative, stopwatch } from "./time";

const NOW = new Date("2026-11-22T14:06:07Z").getTime();
const SECOND = 1000;
const HOUR = 3600 * SECOND;

describe("numbers", () => {
  it("counts memory by 1024, as the Hub sells it", () => {
    expect(memory(17_179_869_184)).toBe("16.0 GB");
    expect(memoryOf(3_113_851_290, 17_179_869_184)).toBe("2.9 / 16 GB");
    expect(memoryOf(429_496_730, 17_179_869_184)).toBe("0.4 / 16 GB");
  });

  it("counts traffic by 1000 with one digit after the point", () => {
    expect(traffic(0)).toBe("0 B");
    expect(traffic(999)).toBe("999 B");
    expect(traffic(1200)).toBe("1.2 KB");
    expect(traffic(310_400)).toBe("310 KB");
  });

  it("goes to the next unit before it would show four digits", () => {
    expect(traffic(999_600)).toBe("1.0 MB");
    expect(traffic(999_400)).toBe("999 KB");
  });

  it("gives rates, percentages and prices their units", () => {
    expect(rate(1_200_000)).toBe("1.2 MB/s");
    expect(percent(61.6)).toBe("62 %");
    expect(dollars(0.03)).toBe("$0.03");
  });
});

describe("times", () => {
  it("says a duration in at most two units", () => {
    expect(duration(40 * SECOND)).toBe("40 sec");
    expect(duration(2 * HOUR + 37 * 60 * SECOND)).toBe("2 hr 37 min");
    expect(duration(76 * HOUR)).toBe("3 days 4 hr");
    expect(duration(72 * HOUR)).toBe("3 days");
    expect(duration(76 * HOUR, 1)).toBe("3 days");
  });

  it("shows what goes on as a watch does", () => {
    expect(stopwatch(-1)).toBe("0:00");
    expect(stopwatch(42_900)).toBe("0:42");
    expect(stopwatch(HOUR + 7 * 60 * SECOND + 5 * SECOND)).toBe("1:07:05");
  });

  it("never says a negative duration when clocks differ", () => {
    expect(duration(-5000)).toBe("0 sec");
  });

  it("says the past and the future relative to now", () => {
    expect(relative(NOW - 2 * HOUR, NOW)).toBe("2 hours ago");
    expect(relative(NOW - 30 * HOUR, NOW)).toBe("yesterday");
    expect(relative(NOW + 40 * 24 * HOUR, NOW)).toBe("next month");
  });

  it("shows the clock for today and the date before", () => {
    expect(brief(NOW - SECOND, NOW)).toMatch(/^\d\d:\d\d$/);
    expect(brief(NOW - 72 * HOUR, NOW)).toBe("Nov 19");
  });
});

describe("the other language", () => {
  afterEach(async () => (await import("$lib/i18n/locale.svelte")).locale.choose("en"));

  it("follows the locale at once", async () => {
    const { locale } = await import("$lib/i18n/locale.svelte");
    locale.choose("zh-CN");
    expect(duration(2 * HOUR)).toBe("2小时");
    expect(relative(NOW - 2 * HOUR, NOW)).toBe("2小时前");
  });
});
