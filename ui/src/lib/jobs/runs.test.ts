import { describe, expect, it } from "vitest";
import { createApi } from "$lib/api/client";
import type { Run } from "$lib/api/types";
import { RunsState, type RunFilter } from "./runs.svelte";
import { WakesState } from "./wakes";

const run = (id: string, state: Run["state"], number = 0, space = "alice/demo"): Run => ({
  id,
  number,
  job: null,
  name: "wake",
  cause: "by_hand",
  actor: { type: "desktop" },
  space,
  action: { type: "wake" },
  terms: {
    stages: null,
    idle_minutes: null,
    answer: null,
    while_moving: false,
    allow_billed: false,
    allow_slot_risk: false,
    timeout_secs: 2100,
  },
  planned_at: "2026-11-22T14:00:00Z",
  occurrences: 1,
  state,
  started_at: null,
  ended_at: null,
  reason: null,
  steps: [],
  operation: null,
  request_id: null,
});

const answering = (answer: unknown) =>
  createApi(() => Promise.resolve(Response.json(answer)), "http://127.0.0.1:1");

async function list(items: Run[], filter: RunFilter = {}) {
  const runs = new RunsState(answering({ items, next_cursor: null }), filter);
  await runs.load();
  const event = (it: Run) => runs.apply({ type: "run_changed", data: it });
  return { ids: () => runs.list.map((it) => `${it.id} ${it.state}`), event };
}

describe("runs", () => {
  it("stand with the newest first, and what is not numbered yet is the newest", async () => {
    const { ids, event } = await list([run("b", "done", 2), run("a", "done", 1)]);
    event(run("c", "waiting"));
    expect(ids()).toEqual(["c waiting", "b done", "a done"]);
    event(run("c", "done", 3));
    expect(ids()).toEqual(["c done", "b done", "a done"]);
  });

  it("that have ended do not begin again", async () => {
    const { ids, event } = await list([run("a", "done", 1)]);
    event(run("a", "running", 1));
    expect(ids()).toEqual(["a done"]);
  });

  it("come and go with what is filtered", async () => {
    const { ids, event } = await list([run("a", "running", 1)], {
      state: "running",
      space: "alice/demo",
    });
    event(run("b", "running", 2, "bob/other"));
    expect(ids()).toEqual(["a running"]);
    event(run("a", "failed", 1));
    expect(ids()).toEqual([]);
  });
});

describe("wakes", () => {
  it("tell their end to whoever asked, whichever comes first, the answer or the end", async () => {
    for (const early of [true, false]) {
      const wakes = new WakesState(answering(run("a", "waiting")));
      const told: string[] = [];
      const end = () => wakes.apply({ type: "run_changed", data: run("a", "failed", 1) });
      if (early) end();
      await wakes.begin("alice/demo", (it) => told.push(it.state));
      if (!early) end();
      end();
      expect(told).toEqual(["failed"]);
    }
  });

  it("of somebody else are nobody's here", async () => {
    const wakes = new WakesState(answering(run("a", "waiting")));
    const told: string[] = [];
    await wakes.begin("alice/demo", (it) => told.push(it.state));
    wakes.apply({ type: "run_changed", data: run("other", "done", 1) });
    wakes.apply({ type: "run_changed", data: run("a", "running", 1) });
    expect(told).toEqual([]);
  });
});
