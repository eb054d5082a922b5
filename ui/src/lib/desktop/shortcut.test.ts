import { describe, expect, it } from "vitest";
import { keysOf, keyWords } from "./shortcut";

const press = (code: string, held: Partial<KeyboardEvent> = {}, key = "x") =>
  keysOf({
    code,
    key,
    ctrlKey: false,
    altKey: false,
    shiftKey: false,
    metaKey: false,
    ...held,
  } as KeyboardEvent);

describe("a global shortcut", () => {
  it("is named by its modifiers and the place of its key", () => {
    expect(press("KeyH", { ctrlKey: true, shiftKey: true })).toBe("Control+Shift+H");
    expect(press("Digit1", { altKey: true, metaKey: true })).toBe("Alt+Super+1");
    expect(press("ArrowUp", { ctrlKey: true })).toBe("Control+Up");
    expect(press("F9")).toBe("F9");
  });

  it("never takes a key that types, nor a modifier alone", () => {
    expect(press("KeyH")).toBeNull();
    expect(press("KeyH", { shiftKey: true })).toBeNull();
    expect(press("ControlLeft", { ctrlKey: true }, "Control")).toBeNull();
    expect(press("Escape", { ctrlKey: true })).toBeNull();
  });

  it("is shown key by key", () => {
    expect(keyWords("CommandOrControl+Alt+S")).toEqual(["Ctrl", "Alt", "S"]);
  });
});
