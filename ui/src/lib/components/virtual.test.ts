import { describe, expect, it } from "vitest";
import { offsetsOf, Slots, visibleRange } from "./virtual";

describe("the visible part of a list", () => {
  const offsets = offsetsOf([34, 47, 47, 34, 47]);

  it("holds the rows that the window touches, and a few more", () => {
    expect(visibleRange(offsets, 0, 40, 0)).toEqual({ from: 0, to: 2 });
    expect(visibleRange(offsets, 81, 10, 0)).toEqual({ from: 2, to: 3 });
    expect(visibleRange(offsets, 81, 10, 1)).toEqual({ from: 1, to: 4 });
  });

  it("stays within the list at both ends", () => {
    expect(visibleRange(offsets, -500, 100, 9)).toEqual({ from: 0, to: 5 });
    expect(visibleRange(offsets, 9999, 100, 0)).toEqual({ from: 4, to: 5 });
    expect(visibleRange(offsetsOf([]), 0, 100, 5)).toEqual({ from: 0, to: 0 });
  });

  it("does not grow with the list", () => {
    const { from, to } = visibleRange(offsetsOf(Array(1000).fill(47)), 20_000, 800, 6);
    expect(to - from).toBeLessThan(34);
  });
});

describe("the elements of the rows", () => {
  // Headings are written large.
  const slots = () =>
    new Slots<string>({
      keyOf: (item) => item,
      kindOf: (item) => (/[A-Z]/.test(item) ? "heading" : "row"),
    });
  /** The elements in their order: which each is, what it shows, in brackets where it is put away. */
  const said = (shown: ReturnType<Slots<string>["show"]>) =>
    shown.map(({ id, item, index }) => (index === null ? `(${id})` : `${id}${item}`)).join(" ");
  const list = (from: string, to: string) =>
    Array.from({ length: to.charCodeAt(0) - from.charCodeAt(0) + 1 }, (_, n) =>
      String.fromCharCode(from.charCodeAt(0) + n),
    );

  it("stay with those that stay, and go from those that went to those that come", () => {
    const rows = slots();
    expect(said(rows.show(["a", "b", "c"], 0))).toBe("0a 1b 2c");
    expect(said(rows.show(["b", "c", "d"], 1))).toBe("1b 2c 0d");
    expect(said(rows.show(["c", "b", "d", "e"], 0))).toBe("2c 1b 0d 3e");
  });

  it("tell at which place of the list they are", () => {
    const rows = slots();
    expect(rows.show(["c", "d"], 2).map(({ index }) => index)).toEqual([2, 3]);
  });

  it("are put away where they are, and are there again for others", () => {
    const rows = slots();
    rows.show(list("a", "e"), 0);
    expect(said(rows.show(["b", "d"], 0))).toBe("(0) 1b (2) 3d (4)");
    expect(said(rows.show([], 0))).toBe("(0) (1) (2) (3) (4)");
    expect(said(rows.show(list("v", "z"), 0))).toBe("0v 1w 2x 3y 4z");
  });

  it("are not moved where most rows are others", () => {
    const rows = slots();
    rows.show(list("a", "f"), 0);
    expect(said(rows.show(["f", ...list("p", "t")], 0))).toBe("0f 1p 2q 3r 4s 5t");
  });

  it("are never taken from the row that has the focus", () => {
    const rows = slots();
    rows.show(list("a", "e"), 0);
    expect(said(rows.show(["p", "q", "c", "r", "s"], 0, 2))).toBe("0p 1q 2c 3r 4s");
    expect(said(rows.show(list("v", "z"), 0, 2))).toBe("0v 1w (2) 3x 4y 5z");
  });

  it("are made for one kind of row", () => {
    const rows = slots();
    expect(said(rows.show(["A", "b", "c"], 0))).toBe("0A 1b 2c");
    expect(said(rows.show(["D", "E", "f"], 0))).toBe("0D 3E 1f (2)");
  });
});
