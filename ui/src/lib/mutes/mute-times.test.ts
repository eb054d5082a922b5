import { describe, expect, it } from "vitest";
import { muteTimes, untilMorning } from "./mute-times";

describe("muting until the morning", () => {
  it("ends at eight of the same day in the night, and of the next day later", () => {
    expect(untilMorning(new Date(2026, 10, 22, 3, 0).getTime())).toBe(5 * 60);
    expect(untilMorning(new Date(2026, 10, 22, 8, 0).getTime())).toBe(24 * 60);
    expect(untilMorning(new Date(2026, 10, 22, 22, 30).getTime())).toBe(9.5 * 60);
  });

  it("is never longer than a mute may be", () => {
    const now = new Date(2026, 10, 22, 8, 0).getTime();
    expect(muteTimes(now).every(({ minutes }) => minutes >= 1 && minutes <= 10_080)).toBe(true);
  });
});
