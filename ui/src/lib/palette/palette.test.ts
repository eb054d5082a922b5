// @vitest-environment node
import { beforeAll, describe, expect, it, vi } from "vitest";
import { Chosen } from "./place";
import { PaletteState } from "./palette.svelte";

class Field {
  closest = () => this;
}

beforeAll(() => {
  vi.stubGlobal("Element", Field);
});

function press(palette: PaletteState, key: string, more: object = {}): boolean {
  const event = { key, target: null, preventDefault: () => {}, ...more };
  return palette.hear(event as unknown as KeyboardEvent);
}

it("keeps what is typed before its field is there, and only then", () => {
  const palette = new PaletteState();
  expect(press(palette, "r")).toBe(false);
  palette.open = true;
  for (const key of ["r", "e", "x", "Backspace"]) expect(press(palette, key)).toBe(true);
  expect(press(palette, "k", { ctrlKey: true })).toBe(false);
  expect(press(palette, "s", { target: new Field() })).toBe(false);
  expect(palette.query).toBe("re");
  expect(press(palette, "Escape")).toBe(true);
  expect(palette.open).toBe(false);
});

describe("what is chosen", () => {
  const groupsOf = (...names: string[][]) =>
    names.map((ids) => ({ entries: ids.map((id) => ({ id })) }));
  const before = groupsOf(["restart a", "restart b"], ["a", "b"]);

  it("stays the same while the list changes by itself", () => {
    const chosen = new Chosen();
    expect(chosen.follow(before, "b", "0 1")).toBe("0 1");
    expect(chosen.follow(groupsOf(["restart b"], ["b"]), "b", "0 1")).toBe("0 0");
    expect(chosen.follow(groupsOf(["b"], ["restart c", "restart b"]), "b", "0 0")).toBe("1 1");
  });

  it("is what a person chooses, and what the list makes of another query", () => {
    const chosen = new Chosen();
    chosen.follow(before, "b", "0 1");
    expect(chosen.follow(before, "b", "1 0")).toBe("1 0");
    expect(chosen.follow(groupsOf(["a", "b"]), "ab", "1 0")).toBe("1 0");
    expect(chosen.follow(groupsOf(["b", "a"]), "ab", "0 0")).toBe("0 0");
  });

  it("is nothing when it has gone, and the first once there is anything", () => {
    const chosen = new Chosen();
    chosen.follow(before, "b", "0 1");
    expect(chosen.follow(groupsOf(["restart a", "restart c"]), "b", "0 1")).toBe("");
    expect(chosen.follow([], "c", "")).toBe("");
    expect(chosen.follow(groupsOf(["c"]), "c", "")).toBe("0 0");
  });
});
