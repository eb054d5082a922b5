import * as m from "$lib/paraglide/messages";

/** What a stage means to a person; the tiles of the list. Unknown words are shown as they are. */
export type StageGroup = "running" | "failing" | "moving" | "sleeping" | "paused" | "other";

export const STAGE_GROUPS = [
  "running",
  "failing",
  "moving",
  "sleeping",
  "paused",
  "other",
] as const;

const GROUP_OF: Record<string, StageGroup> = {
  RUNNING: "running",
  BUILDING: "moving",
  APP_STARTING: "moving",
  RUNNING_BUILDING: "moving",
  RUNNING_APP_STARTING: "moving",
  SLEEPING: "sleeping",
  PAUSED: "paused",
  STOPPED: "paused",
  NO_APP_FILE: "failing",
  CONFIG_ERROR: "failing",
  BUILD_ERROR: "failing",
  RUNTIME_ERROR: "failing",
};

const WORD_OF: Record<string, () => string> = {
  RUNNING: m.stage_running,
  BUILDING: m.stage_building,
  APP_STARTING: m.stage_app_starting,
  RUNNING_BUILDING: m.stage_running_building,
  RUNNING_APP_STARTING: m.stage_running_app_starting,
  SLEEPING: m.stage_sleeping,
  PAUSED: m.stage_paused,
  STOPPED: m.stage_stopped,
  NO_APP_FILE: m.stage_no_app_file,
  CONFIG_ERROR: m.stage_config_error,
  BUILD_ERROR: m.stage_build_error,
  RUNTIME_ERROR: m.stage_runtime_error,
  DELETING: m.stage_deleting,
};

export const stageGroup = (stage: string): StageGroup => GROUP_OF[stage] ?? "other";

/** The stage in the person's language; a word that is not known here is shown as the Hub sent it. */
export const stageWord = (stage: string): string =>
  WORD_OF[stage]?.() ?? stage.charAt(0) + stage.slice(1).toLowerCase().replaceAll("_", " ");

export const groupWord: Record<StageGroup, () => string> = {
  running: m.group_running,
  failing: m.group_failing,
  moving: m.group_moving,
  sleeping: m.group_sleeping,
  paused: m.group_paused,
  other: m.group_other,
};

/** Tailwind's classes must be whole words to be found. */
export const groupColor: Record<StageGroup, string> = {
  running: "text-run",
  failing: "text-fail",
  moving: "text-build",
  sleeping: "text-sleep",
  paused: "text-pause",
  other: "text-stop",
};

/** The same for what is drawn on a canvas. */
export const groupVariable: Record<StageGroup, string> = {
  running: "--run",
  failing: "--fail",
  moving: "--build",
  sleeping: "--sleep",
  paused: "--pause",
  other: "--stop",
};

/** Whether nothing runs, so that a restart needs a free slot at the Hub. */
export const isResting = (stage: string): boolean =>
  stageGroup(stage) === "sleeping" || stageGroup(stage) === "paused";

/** Whether a container may report metrics. */
export function mayHaveMetrics(stage: string): boolean {
  const group = stageGroup(stage);
  if (group === "running" || group === "moving") return stage !== "BUILDING";
  return group === "other" && stage !== "DELETING";
}
