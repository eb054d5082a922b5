// @vitest-environment node
import { beforeAll, describe, expect, it, vi } from "vitest";
import { KeysState, keyCaps } from "./keys.svelte";

beforeAll(() => {
  vi.stubGlobal("document", { querySelector: () => null });
  vi.stubGlobal("Element", class {});
});

function press(keys: KeysState, key: string, held: Partial<KeyboardEvent> = {}, at = 0) {
  const preventDefault = vi.fn();
  const event = { key, target: null, defaultPrevented: false, preventDefault, ...held };
  keys.handle(event as unknown as KeyboardEvent, at);
  return preventDefault.mock.calls.length > 0;
}

function keysWith(...names: string[]) {
  const keys = new KeysState();
  const ran: string[] = [];
  const shortcuts = names.map((name) => ({
    keys: name,
    label: () => name,
    run: () => ran.push(name),
  }));
  const remove = keys.add({ title: () => "", shortcuts });
  return { keys, ran, remove };
}

describe("shortcuts", () => {
  it("run by what a key types, on any keyboard", () => {
    const { keys, ran } = keysWith("?", "mod+k", "shift+x");
    press(keys, "?", { shiftKey: true });
    press(keys, "k", { metaKey: true });
    press(keys, "X", { shiftKey: true });
    expect(ran).toEqual(["?", "mod+k", "shift+x"]);
  });

  it("of two keys wait for the second, but not for long", () => {
    const { keys, ran } = keysWith("g s", "s");
    press(keys, "g", {}, 0);
    press(keys, "s", {}, 500);
    expect(ran).toEqual(["g s"]);
    press(keys, "g", {}, 1000);
    press(keys, "s", {}, 9000);
    expect(ran).toEqual(["g s", "s"]);
  });

  it("leave every other key to the browser", () => {
    const { keys } = keysWith("j");
    expect(press(keys, "j")).toBe(true);
    expect(press(keys, "j", { ctrlKey: true })).toBe(false);
    expect(press(keys, "q")).toBe(false);
  });

  it("count for as long as their page is shown", () => {
    const { keys, ran, remove } = keysWith("j");
    remove();
    press(keys, "j");
    expect(ran).toEqual([]);
  });

  it("are shown as they stand on the keys", () => {
    expect(keyCaps("mod+k")).toEqual(["Ctrl", "K"]);
    expect(keyCaps("g s")).toEqual(["G", "S"]);
    expect(keyCaps("+")).toEqual(["+"]);
  });
});
