// @vitest-environment node
import { beforeAll, expect, it, vi } from "vitest";
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
