import { beforeEach, describe, expect, it, vi } from "vitest";
import { createApi } from "$lib/api/client";
import { SpacesState } from "./spaces.svelte";

/** A list whose one Space is named by how often it was read. */
function spaces(failures = 0) {
  let asked = 0;
  const state = new SpacesState(
    createApi(() => {
      asked += 1;
      if (asked <= failures) return Promise.reject(new TypeError("away"));
      return Promise.resolve(Response.json({ items: [{ id: `a/read-${asked}` }] }));
    }, "http://127.0.0.1:1"),
  );
  return { state, asked: () => asked };
}

const names = (state: SpacesState) => state.list.map(({ id }) => id);

describe("the list, read ahead", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  it("is shown without another request, and read again once it is", async () => {
    const { state, asked } = spaces();
    state.readAhead();
    await state.load();
    expect([asked(), names(state)]).toEqual([1, ["a/read-1"]]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([asked(), names(state)]).toEqual([2, ["a/read-2"]]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked()).toBe(2);
  });

  it("is asked for again where that failed", async () => {
    const { state, asked } = spaces(1);
    state.readAhead();
    await state.load();
    expect([asked(), state.status, names(state)]).toEqual([2, "ready", ["a/read-2"]]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked()).toBe(2);
  });

  it("does not take back what was told meanwhile, nor give way to an older answer", async () => {
    const { state } = spaces();
    const [older, newer] = [state.load(), state.load()];
    state.apply({ type: "space_removed", data: { id: "a/read-2" } });
    await Promise.all([older, newer]);
    expect(names(state)).toEqual([]);
    await state.load();
    expect(names(state)).toEqual(["a/read-3"]);
  });
});
