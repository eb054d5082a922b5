import type { Operation } from "$lib/api/types";
import { usual } from "$lib/format/usual";

/** What an action goes through, as far as a person waits for it. */
export type Phase = "sent" | "building" | "starting" | "running" | "paused" | "set";

export interface Step {
  phase: Phase;
  /** A step that an action may do without is `skipped` once a later one was seen. */
  state: "done" | "now" | "failed" | "skipped" | "ahead";
  /** How long it took, or has taken until now, in milliseconds; `null` where it was not seen. */
  took: number | null;
}

const STARTS: readonly Phase[] = ["sent", "building", "starting", "running"];
const PATH: Record<Operation["action"]["type"], readonly Phase[]> = {
  restart: STARTS,
  factory_rebuild: STARTS,
  set_hardware: STARTS,
  set_dev_mode: STARTS,
  pause: ["sent", "paused"],
  set_sleep_time: ["sent", "set"],
};

const PHASE: Record<string, Phase> = {
  BUILDING: "building",
  RUNNING_BUILDING: "building",
  BUILD_ERROR: "building",
  APP_STARTING: "starting",
  RUNNING_APP_STARTING: "starting",
  NO_APP_FILE: "starting",
  CONFIG_ERROR: "starting",
  RUNTIME_ERROR: "starting",
  RUNNING: "running",
  PAUSED: "paused",
};

/** The steps of an operation: those that were seen, and those that are still to come. */
export function stepsOf({ action, state, steps, ...times }: Operation, now: number): Step[] {
  const path = PATH[action.type];
  // The first stage is the one before anything was asked; it counts where it already moves.
  const seen = steps.flatMap(({ stage, at }, index) => {
    const phase = PHASE[stage];
    const counts = index > 0 || phase === "building" || phase === "starting";
    return counts && phase && path.includes(phase) ? [{ phase, at: Date.parse(at) }] : [];
  });
  // A phase begins with the first of its stages: a build that fails began before it failed.
  const begun = seen.filter((it, index) => it.phase !== seen[index - 1]?.phase);
  const began = Date.parse(times.started_at);
  const end = times.ended_at ? Date.parse(times.ended_at) : now;
  const last = path.length - 1;
  const reached = Math.max(0, path.indexOf(seen.at(-1)?.phase ?? "sent"));
  // What the Hub takes without any stage to show for it is done all the same.
  const current = state === "succeeded" && reached === 0 && last === 1 ? last : reached;
  const place = (phase: Phase) =>
    phase === "sent" ? { at: began } : begun.findLast((it) => it.phase === phase);
  return path.map((phase, index): Step => {
    const here = place(phase);
    const next = path
      .slice(index + 1, current + 1)
      .map(place)
      .find((it) => it !== undefined);
    const took = here ? Math.max(0, (next?.at ?? end) - here.at) : null;
    const final = index === last && state === "succeeded";
    const be = (state: Step["state"]): Step => ({ phase, state, took: final ? null : took });
    if (index > current)
      return { phase, state: state === "succeeded" ? "skipped" : "ahead", took: null };
    if (index < current) return here ? be("done") : { phase, state: "skipped", took: null };
    if (state === "failed") return be("failed");
    return be(state === "succeeded" ? "done" : "now");
  });
}

/** How long such an action usually takes here, by those that went well; `null` where none did. */
export const usualTime = (earlier: readonly Operation[], { action }: Operation): number | null =>
  usual(
    earlier.flatMap((it) =>
      it.state === "succeeded" && it.action.type === action.type && it.ended_at
        ? [Date.parse(it.ended_at) - Date.parse(it.started_at)]
        : [],
    ),
  );
