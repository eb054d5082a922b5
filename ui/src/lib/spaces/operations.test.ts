import { describe, expect, it } from "vitest";
import { createApi } from "$lib/api/client";
import type { Operation } from "$lib/api/types";
import { OperationsState } from "./operations.svelte";

function operation(id: string, state: Operation["state"]): Operation {
  return {
    id,
    space: "alice/demo",
    action: { type: "pause" },
    state,
    started_at: "2026-11-22T14:00:00Z",
    ended_at: null,
    steps: [],
    error: null,
    request_id: null,
  };
}

/** The state of a page whose every call is answered with `answer`. */
function page(answer: unknown) {
  const ended: string[] = [];
  const api = createApi(
    () => Promise.resolve(Response.json(answer, { status: 202 })),
    "http://127.0.0.1:1",
  );
  const operations = new OperationsState(api, (it) => ended.push(`${it.id} ${it.state}`));
  const event = (it: Operation) => operations.apply({ type: "operation_changed", data: it });
  return { operations, ended, event };
}

describe("operations", () => {
  it("are shown while they run, and told when they end", async () => {
    const { operations, ended, event } = page(operation("one", "following"));
    await operations.begin("alice/demo", "pause");
    expect(operations.running("alice/demo")?.id).toBe("one");
    event(operation("one", "succeeded"));
    expect(operations.running("alice/demo")).toBeUndefined();
    expect(ended).toEqual(["one succeeded"]);
  });

  it("that ended before their answer arrived do not begin again", async () => {
    const { operations, ended, event } = page(operation("one", "following"));
    event(operation("one", "succeeded"));
    await operations.begin("alice/demo", "pause");
    expect(operations.running("alice/demo")).toBeUndefined();
    expect(ended).toEqual(["one succeeded"]);
  });

  it("of somebody else are shown, but their end is not told", () => {
    const { operations, ended, event } = page(null);
    event(operation("theirs", "following"));
    expect(operations.running("alice/demo")?.id).toBe("theirs");
    event(operation("theirs", "failed"));
    expect(ended).toEqual([]);
  });

  it("leave how they ended, until it is read or another one begins", () => {
    const { operations, event } = page(null);
    event(operation("one", "following"));
    expect(operations.outcome("alice/demo")).toBeUndefined();
    event(operation("one", "failed"));
    expect(operations.outcome("alice/demo")?.state).toBe("failed");
    event(operation("two", "sending"));
    expect(operations.outcome("alice/demo")).toBeUndefined();
    event(operation("two", "succeeded"));
    operations.dismiss("alice/demo");
    expect(operations.outcome("alice/demo")).toBeUndefined();
  });

  it("that ended before anybody looked leave nothing", async () => {
    const { operations } = page([operation("old", "failed")]);
    await operations.load();
    expect(operations.outcome("alice/demo")).toBeUndefined();
  });

  it("that took another's place are not removed with it", () => {
    const { operations, event } = page(null);
    event(operation("old", "following"));
    event(operation("new", "sending"));
    event(operation("old", "cancelled"));
    expect(operations.running("alice/demo")?.id).toBe("new");
  });

  it("are read newest first, and the newest of a Space is shown", async () => {
    const { operations } = page([operation("new", "following"), operation("old", "succeeded")]);
    await operations.load();
    expect(operations.running("alice/demo")?.id).toBe("new");
  });
});
