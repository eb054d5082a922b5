import type { HealScope, HealState } from "$lib/api/types";
import * as m from "$lib/paraglide/messages";
import type { StageGroup } from "$lib/spaces/stage";

type Standing = HealState["standing"];

const STANDING: Record<Standing, () => string> = {
  off: m.heal_off,
  well: m.heal_well,
  waiting: m.heal_waiting,
  mending: m.heal_mending,
  left_alone: m.heal_left_alone,
  gave_up: m.heal_gave_up,
};

export const standingWord = (standing: Standing): string => STANDING[standing]();

/** With which mark it is shown. */
export const STANDING_MARK: Record<Standing, StageGroup> = {
  off: "other",
  well: "running",
  waiting: "failing",
  mending: "moving",
  left_alone: "paused",
  gave_up: "failing",
};

/** For which Spaces. */
export function scopeWord(scope: HealScope): string {
  switch (scope.type) {
    case "all":
      return m.heal_all();
    case "account":
      return m.target_of_account({ account: scope.account });
    case "label":
      return m.target_of_label({ label: scope.label });
    case "space":
      return scope.space;
  }
}
