import { describe, expect, it } from "vitest";
import type { Operation } from "$lib/api/types";
import { stepsOf, usualTime } from "./operation-steps";

const at = (second: number) => new Date(Date.UTC(2026, 10, 22, 14, 0, second)).toISOString();
const ms = (second: number) => Date.parse(at(second));

function operation(
  state: Operation["state"],
  stages: [string, number][],
  more: Partial<Operation> = {},
): Operation {
  return {
    id: "one",
    space: "alice/demo",
    action: { type: "restart" },
    state,
    started_at: at(0),
    ended_at: null,
    steps: stages.map(([stage, second]) => ({ stage, at: at(second) })),
    error: null,
    request_id: null,
    ...more,
  };
}
const said = (it: Operation, second: number) =>
  stepsOf(it, ms(second)).map(({ phase, state, took }) =>
    [phase, state, ...(took === null ? [] : [took / 1000])].join(" "),
  );

describe("the steps of an action", () => {
  it("begin with what was sent, whatever the Space did before", () => {
    expect(said(operation("sending", [["RUNNING", 0]]), 3)).toEqual([
      "sent now 3",
      "building ahead",
      "starting ahead",
      "running ahead",
    ]);
  });

  it("take as long as until the next one was seen", () => {
    const steps: [string, number][] = [
      ["RUNNING", 0],
      ["RUNNING_BUILDING", 2],
      ["RUNNING_APP_STARTING", 30],
    ];
    expect(said(operation("following", steps), 42)).toEqual([
      "sent done 2",
      "building done 28",
      "starting now 12",
      "running ahead",
    ]);
    const ended = { ended_at: at(50) };
    const all = operation("succeeded", [...steps, ["RUNNING", 50]], ended);
    expect(said(all, 90)).toEqual([
      "sent done 2",
      "building done 28",
      "starting done 20",
      "running done",
    ]);
  });

  it("pass over what an action did without", () => {
    const it = operation("following", [
      ["SLEEPING", 0],
      ["APP_STARTING", 4],
    ]);
    expect(said(it, 5)).toEqual([
      "sent done 4",
      "building skipped",
      "starting now 1",
      "running ahead",
    ]);
  });

  it("count a Space that already moved where nothing else was seen yet", () => {
    expect(said(operation("following", [["BUILDING", 0]]), 5)[1]).toBe("building now 5");
  });

  it("end where it failed", () => {
    const steps: [string, number][] = [
      ["PAUSED", 0],
      ["BUILDING", 1],
      ["BUILD_ERROR", 9],
    ];
    const it = operation("failed", steps, { ended_at: at(9) });
    expect(said(it, 90)).toEqual([
      "sent done 1",
      "building failed 8",
      "starting ahead",
      "running ahead",
    ]);
    const refused = operation("failed", [["RUNNING", 0]], { ended_at: at(2) });
    expect(said(refused, 90)[0]).toBe("sent failed 2");
  });

  it("of a pause and of a sleep time are two", () => {
    const pause = { action: { type: "pause" }, ended_at: at(3) } as const;
    const paused = operation(
      "succeeded",
      [
        ["RUNNING", 0],
        ["PAUSED", 3],
      ],
      pause,
    );
    expect(said(paused, 9)).toEqual(["sent done 3", "paused done"]);
    const sleep = { type: "set_sleep_time", sleep_time: 300 } as const;
    const set = operation("succeeded", [["RUNNING", 0]], { action: sleep, ended_at: at(1) });
    expect(said(set, 9)).toEqual(["sent done 1", "set done"]);
  });

  it("that a Space at rest did not need are passed over", () => {
    const action = { type: "set_hardware", flavor: "t4-small" } as const;
    const it = operation("succeeded", [["SLEEPING", 0]], { action, ended_at: at(20) });
    expect(said(it, 90)).toEqual([
      "sent done 20",
      "building skipped",
      "starting skipped",
      "running skipped",
    ]);
  });
});

describe("the usual time", () => {
  const took = (seconds: number, more: Partial<Operation> = {}) =>
    operation("succeeded", [], { ended_at: at(seconds), ...more });

  it("is the median of those of the same action that went well", () => {
    const earlier = [
      took(10),
      took(50),
      took(20),
      took(1, { state: "failed" }),
      took(2, { action: { type: "pause" } }),
    ];
    expect(usualTime(earlier, operation("following", []))).toBe(20_000);
  });

  it("is not known where there was none", () => {
    expect(usualTime([took(9, { state: "failed" })], operation("following", []))).toBeNull();
  });
});
