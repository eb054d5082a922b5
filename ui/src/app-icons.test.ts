import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ui = join(import.meta.dirname, "..");
const read = (...path: string[]) => readFileSync(join(ui, ...path));

it("shows the icons of the program, which `cargo xtask icons` draws", () => {
  expect(read("static", "icon.svg").equals(read("..", "icons", "icon.svg"))).toBe(true);
  expect(read("static", "icon-512.png").equals(read("..", "icons", "icon.png"))).toBe(true);
});
