import { describe, expect, it } from "vitest";
import { beatOf, closer, following, further, LEAST_SPAN, stepped } from "./span";

const whole = { from: 0, until: 800 };

describe("what is shown of the time axis", () => {
  it("is halved at its end, or around the chosen moment without leaving what was shown", () => {
    expect(closer(whole, null)).toEqual({ from: 400, until: 800 });
    expect(closer(whole, 300)).toEqual({ from: 100, until: 500 });
    expect(closer(whole, 10)).toEqual({ from: 0, until: 400 });
  });

  it("is not halved below what can be told apart", () => {
    const little = { from: 100, until: 100 + LEAST_SPAN * 2 - 1 };
    expect(closer(little, null)).toBe(little);
  });

  it("is doubled around its middle, until it is all", () => {
    expect(further({ from: 300, until: 400 }, whole)).toEqual({ from: 250, until: 450 });
    expect(further({ from: 700, until: 800 }, whole)).toEqual({ from: 600, until: 800 });
    expect(further({ from: 0, until: 400 }, whole)).toBeNull();
  });

  it("follows a moment out of sight, and no further", () => {
    const span = { from: 100, until: 200 };
    expect(following(span, 150)).toBe(span);
    expect(following(span, 90)).toEqual({ from: 90, until: 190 });
    expect(following(span, 230)).toEqual({ from: 130, until: 230 });
  });
});

describe("the chosen moment", () => {
  const x = [10, 20, 30, 40];
  it("begins at the newest report and goes from one to the next, to the ends", () => {
    expect(stepped(x, whole, null, -1)).toBe(40);
    expect(stepped(x, whole, 40, -1)).toBe(30);
    expect(stepped(x, whole, 40, 1)).toBe(40);
    expect(stepped(x, whole, 10, -1)).toBe(10);
    expect(stepped([], whole, null, 1)).toBeNull();
  });

  it("that is between two reports goes on from the later one", () => {
    expect(stepped(x, whole, 25, -1)).toBe(20);
    expect(stepped(x, whole, 99, -1)).toBe(30);
  });

  it("takes longer steps over many reports", () => {
    const many = Array.from({ length: 600 }, (_, n) => n);
    expect(stepped(many, { from: 0, until: 600 }, 300, 1)).toBe(310);
    expect(stepped(many, { from: 290, until: 310 }, 300, 1)).toBe(301);
  });
});

describe("what is drawn of a span that moves", () => {
  const beats = (pixels: number, turn: number) =>
    Array.from({ length: 12 }, (_, n) => beatOf({ from: n, until: 900 + n }, pixels, turn));
  /** The seconds in which it is drawn again. */
  const drawn = (all: string[]) => all.flatMap((it, n) => (n > 0 && it !== all[n - 1] ? [n] : []));

  it("is another one each time that it has moved by a pixel", () => {
    expect(drawn(beats(900, 0))).toHaveLength(11);
    expect(drawn(beats(300, 0))).toEqual([3, 6, 9]);
  });

  it("changes in other seconds for another turn", () => {
    expect(drawn(beats(300, 1))).toEqual([2, 5, 8, 11]);
    expect(drawn(beats(300, 2))).toEqual([1, 4, 7, 10]);
  });

  it("is another one at once where another part is shown", () => {
    expect(beatOf({ from: 300, until: 600 }, 300, 0)).not.toBe(beatOf(whole, 300, 0));
  });
});
