import type { Activity } from "$lib/api/types";
import * as m from "$lib/paraglide/messages";

const KIND: Record<Activity["kind"], () => string> = {
  restart: m.activity_restart,
  factory_rebuild: m.activity_rebuild,
  pause: m.activity_pause,
  set_hardware: m.activity_hardware,
  set_sleep_time: m.activity_sleep_time,
  set_dev_mode: m.activity_dev_mode,
  change_variable: m.activity_variable,
  change_secret: m.activity_secret,
  add_account: m.activity_add_account,
  remove_account: m.activity_remove_account,
  replace_token: m.activity_replace_token,
  account_state: m.activity_account_state,
  change_setting: m.activity_setting,
  change_job: m.activity_change_job,
  visit: m.activity_visit,
  wake: m.activity_wake,
  heal: m.activity_heal,
  sign_in: m.activity_sign_in,
};

const OUTCOME: Record<Activity["outcome"], () => string> = {
  done: m.outcome_done,
  refused: m.outcome_refused,
  failed: m.outcome_failed,
};

const ACTOR: Record<Activity["actor"]["type"], () => string> = {
  desktop: m.actor_desktop,
  person: m.actor_person,
  api_key: m.actor_api_key,
  command_line: m.actor_command_line,
  job: m.actor_any_job,
  system: m.actor_system,
};

export const KINDS = Object.keys(KIND) as Activity["kind"][];

export const kindWord = (kind: Activity["kind"]): string => KIND[kind]();
export const outcomeWord = (outcome: Activity["outcome"]): string => OUTCOME[outcome]();
/** What sort of actor acted. */
export const actorKindWord = (type: Activity["actor"]["type"]): string => ACTOR[type]();

/** Who or what acted. */
export function actorName(actor: Activity["actor"]): string {
  switch (actor.type) {
    case "person":
      return actor.name;
    case "job":
      return m.actor_job({ name: actor.name });
    default:
      return actorKindWord(actor.type);
  }
}
