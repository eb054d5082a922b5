import type { HardwareOption, JobAction, JobTarget, Run, RunStep } from "$lib/api/types";
import * as m from "$lib/paraglide/messages";
import { sleepWord } from "$lib/spaces/sleep-word";
import { stageWord } from "$lib/spaces/stage";

export type ActionType = JobAction["type"];

const ACTION: Record<ActionType, () => string> = {
  restart: m.restart,
  factory_rebuild: m.rebuild,
  pause: m.pause,
  resume: m.resume,
  wake: m.wake,
  visit: m.visit,
  set_hardware: m.job_set_hardware,
  set_sleep_time: m.job_set_sleep_time,
};

export const ACTIONS = Object.keys(ACTION) as ActionType[];

/** The kind of an action: `Restart`. */
export const actionName = (type: ActionType): string => ACTION[type]();

/** An action with what belongs to it: `Hardware: A10G small`. */
export function actionWord(
  action: JobAction,
  hardware: ReadonlyMap<string, HardwareOption>,
): string {
  switch (action.type) {
    case "set_hardware":
      return m.choice_of({
        what: m.column_hardware(),
        choice: hardware.get(action.flavor)?.pretty_name ?? action.flavor,
      });
    case "set_sleep_time":
      return m.choice_of({ what: m.sleep_time(), choice: sleepWord(action.sleep_time ?? null) });
    default:
      return actionName(action.type);
  }
}

/** To which Spaces: a name, a number of them, or what they have in common. */
export function targetWord(target: JobTarget, titleOf: (space: string) => string): string {
  switch (target.type) {
    case "spaces":
      return target.spaces.length === 1 && target.spaces[0]
        ? titleOf(target.spaces[0])
        : m.space_count({ count: target.spaces.length });
    case "account":
      return m.target_of_account({ account: target.account });
    case "label":
      return m.target_of_label({ label: target.label });
  }
}

const STATE: Record<Run["state"], () => string> = {
  waiting: m.run_waiting,
  running: m.run_running,
  done: m.run_done,
  skipped: m.run_skipped,
  missed: m.run_missed,
  refused: m.run_refused,
  failed: m.run_failed,
};

export const RUN_STATES = Object.keys(STATE) as Run["state"][];
export const stateWord = (state: Run["state"]): string => STATE[state]();

const CAUSE: Record<Run["cause"], () => string> = {
  schedule: m.cause_schedule,
  by_hand: m.cause_by_hand,
  keep_alive: m.keep_awake,
  auto_heal: m.activity_heal,
};

export const RUN_CAUSES = Object.keys(CAUSE) as Run["cause"][];
export const causeWord = (cause: Run["cause"]): string => CAUSE[cause]();

const STEP: Record<RunStep["what"], () => string> = {
  asked: m.step_asked,
  taken: m.step_taken,
  stage: m.step_stage,
  visited: m.step_visited,
  answered: m.step_answered,
  taken_over: m.step_taken_over,
};

/** What happened in a step; the Space's stage where the step is that it changed. */
export const stepWord = (step: RunStep): string =>
  step.what === "stage" && step.stage ? stageWord(step.stage) : STEP[step.what]();

/** What a run is called: the name of its job; for what no job asked for, its cause. */
export const runName = (run: Run): string => (run.job ? run.name : causeWord(run.cause));
