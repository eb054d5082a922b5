import type { Operation } from "$lib/api/types";
import * as m from "$lib/paraglide/messages";
import { stageWord } from "./stage";

/** What an operation is doing, in a few words: `Restarting`. */
export function operationWord(operation: Operation): string {
  switch (operation.action.type) {
    case "restart":
      return m.doing_restart();
    case "factory_rebuild":
      return m.doing_rebuild();
    case "pause":
      return m.doing_pause();
    case "set_hardware":
      return m.doing_hardware();
    case "set_sleep_time":
      return m.doing_sleep_time();
    case "set_dev_mode":
      return m.doing_dev_mode();
  }
}

/** The same with how far it is: `Restarting · Building`. */
export function operationProgress(operation: Operation): string {
  const stage = operation.steps.at(-1)?.stage;
  const where = operation.state === "sending" ? m.doing_sending() : stage && stageWord(stage);
  return where ? `${operationWord(operation)} · ${where}` : operationWord(operation);
}

/** How an operation ended: `Restart done`, `Restart failed`. */
export const endedWord = ({ action, state }: Operation): string =>
  (state === "failed" ? m.action_failed : m.action_done)({ action: kindWord[action.type]() });

const kindWord: Record<Operation["action"]["type"], () => string> = {
  restart: m.restart,
  factory_rebuild: m.rebuild,
  pause: m.pause,
  set_hardware: m.activity_hardware,
  set_sleep_time: m.activity_sleep_time,
  set_dev_mode: m.activity_dev_mode,
};
