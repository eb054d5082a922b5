import { describe, expect, it } from "vitest";
import type { Job, Run, Trigger } from "$lib/api/types";
import { beatsOf } from "./beats";
import { matches } from "./job-filter";
import { fromField, JobDraft, toField } from "./job-draft.svelte";
import { hours, layout } from "./strip";
import { triggerWord } from "./trigger-words.svelte";
import type { Upcoming } from "./upcoming.svelte";

const NOW = new Date("2026-11-22T14:06:07Z").getTime();
const HOUR = 3_600_000;

const job = (name: string, trigger?: Trigger): Job => ({
  id: name,
  paused: false,
  created_at: "2026-11-01T00:00:00Z",
  planned_at: "2026-11-23T03:00:00Z",
  due_at: "2026-11-23T03:00:00Z",
  plan: {
    name,
    action: { type: "factory_rebuild" },
    target: { type: "spaces", spaces: ["alice/demo"] },
    trigger: trigger ?? { type: "cron", expression: "0 4 * * *", zone: "Europe/Paris" },
  },
});

describe("when a job runs, in words", () => {
  const cron = (expression: string) => triggerWord({ type: "cron", expression, zone: "UTC" });

  it("says what most people want as they would say it", () => {
    expect(cron("0 4 * * *")).toBe("Every day at 04:00");
    expect(cron("5 8 * * 1-5")).toBe("Monday to Friday at 08:05");
    expect(cron("0 3 * * 0")).toBe("Sunday at 03:00");
    expect(cron("0 3 * * 7")).toBe("Sunday at 03:00");
    expect(cron("30 23 31 * *")).toBe("Day 31 of each month at 23:30");
  });

  it("leaves what it would say wrongly to others", () => {
    for (const other of ["0 4 * 2 *", "0 24 * * *", "60 4 * * *", "0 4 32 * *", "0 4 1 * 5", "x"]) {
      expect(cron(other)).toBe(other);
    }
  });
});

describe("the strip of the coming day", () => {
  const WIDTH = 1000;
  const at = (name: string, ...later: number[]): Upcoming => ({
    job: job(name),
    times: later.map((hour) => NOW + hour * HOUR),
  });
  const put = (upcoming: Upcoming[], most = 9) =>
    layout(upcoming, NOW, NOW + 24 * HOUR, WIDTH, most, () => 100);

  it("lets no name cover another, and uses a lane again where it is free", () => {
    const { placed, lanes } = put([at("a", 1), at("b", 2), at("c", 6)]);
    expect(placed.map(({ lane }) => lane)).toEqual([0, 1, 0]);
    expect(lanes).toBe(2);
  });

  it("keeps a name at the end of the day inside", () => {
    const [last] = put([at("late", 23.9)]).placed;
    expect((last?.left ?? 1) + (last?.width ?? 1)).toBeLessThanOrEqual(1);
  });

  it("marks later times, and draws a line for very many", () => {
    expect(put([at("twice", 1, 12)]).placed[0]?.marks).toEqual([0.5]);
    const often = at("often", ...Array.from({ length: 48 }, (_, index) => index / 2));
    expect(put([often]).placed[0]).toMatchObject({ marks: [], line: { to: 23.5 / 24 } });
  });

  it("counts those for which there is no room", () => {
    expect(put([at("a", 1), at("b", 1), at("c", 1)], 2).left.map((it) => it.job.id)).toEqual(["c"]);
  });

  it("shows every third hour of the clock on the wall", () => {
    const shown = hours(NOW, NOW + 24 * HOUR);
    expect(shown).toHaveLength(8);
    expect(shown.map((hour) => new Date(hour).getHours() % 3)).toEqual(new Array(8).fill(0));
  });
});

describe("the last times of a job", () => {
  const run = (planned_at: string, state: Run["state"], took = 0) =>
    ({
      planned_at,
      state,
      started_at: new Date(NOW).toISOString(),
      ended_at: new Date(NOW + took).toISOString(),
    }) as Run;

  it("are told by the worst that became of each, oldest first", () => {
    const runs = [run("b", "done"), run("b", "failed"), run("a", "skipped"), run("a", "done")];
    expect(beatsOf(runs, 9)).toEqual([
      { at: "a", state: "done" },
      { at: "b", state: "failed" },
    ]);
    expect(beatsOf(runs, 1)).toEqual([{ at: "b", state: "failed" }]);
  });
});

describe("a job that is filled in", () => {
  it("is the same plan when nothing was changed, to the second", () => {
    const every: Trigger = { type: "every", seconds: 5400, anchor: "2026-11-01T00:00:07.250Z" };
    const draft = JobDraft.of(job("Nightly", every), NOW);
    expect(draft.plan("Nightly")).toMatchObject({ ...job("Nightly", every).plan });
  });

  it("keeps how long a Space has to be idle, and what its app has to answer", () => {
    const stored = job("Awake");
    const terms = {
      stages: null,
      idle_minutes: 90,
      answer: { path: "/health", status: null, keyword: "ready" },
      while_moving: false,
      allow_billed: false,
      allow_slot_risk: false,
      timeout_secs: 2100,
    };
    stored.plan = { ...stored.plan, action: { type: "visit" }, terms };
    const draft = JobDraft.of(stored, NOW);
    expect(draft.plan("Awake")?.terms).toMatchObject(terms);
    draft.answer.path = "health";
    draft.idleSeconds = 0;
    expect(draft.faults.idle).not.toBeNull();
    expect(draft.plan("Awake")).toBeNull();
    draft.idle = false;
    draft.action = "restart";
    expect(draft.plan("Awake")?.terms).toMatchObject({ idle_minutes: null, answer: null });
  });

  it("is not sent while something is missing or out of its range", () => {
    const draft = JobDraft.from(new URLSearchParams("space=alice/demo&action=pause"), NOW);
    expect(draft.plan("Pause")).toMatchObject({
      action: { type: "pause" },
      target: { type: "spaces", spaces: ["alice/demo"] },
    });
    draft.jitterSeconds = 90_000;
    expect(draft.plan("Pause")).toBeNull();
    draft.jitterSeconds = 0;
    draft.trigger = "every";
    draft.everySeconds = NaN;
    expect(draft.plan("Pause")).toBeNull();
    draft.everySeconds = 60;
    draft.target = "label";
    expect(draft.plan("Pause")).toBeNull();
  });

  it("takes times by the clock on the wall, and none for what is no time", () => {
    expect(fromField(toField(NOW))).toBe("2026-11-22T14:06:00.000Z");
    expect(fromField("")).toBeNull();
    expect(fromField("soon")).toBeNull();
  });
});

describe("the filter of jobs", () => {
  it("finds a job by its name, its action and its Spaces", () => {
    const found = (query: string) => matches(job("Nightly"), query, () => "The Demo");
    expect(["", "night", "rebuild demo", "alice", "the demo"].map(found)).toEqual(
      new Array(5).fill(true),
    );
    expect(found("night pause")).toBe(false);
  });
});
