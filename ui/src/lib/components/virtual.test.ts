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
  it("stay with those that stay, and go from those that went to those that come", () => {
    const slots = new Slots();
    expect(slots.assign(["a", "b", "c"])).toEqual([0, 1, 2]);
    expect(slots.assign(["b", "c", "d"])).toEqual([1, 2, 0]);
    expect(slots.assign(["c", "b", "d", "e"])).toEqual([2, 1, 0, 3]);
  });

  it("are made anew rather than taken from the row that has the focus", () => {
    const slots = new Slots();
    slots.assign(["a", "b"]);
    expect(slots.assign(["c", "d"], 0)).toEqual([1, 2]);
  });
});
