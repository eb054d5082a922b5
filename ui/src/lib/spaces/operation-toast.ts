import { toast } from "svelte-sonner";
import type { Operation } from "$lib/api/types";
import * as m from "$lib/paraglide/messages";
import { nameOf } from "./space";
import { sleepWord } from "./sleep-word";
import { stageWord } from "./stage";

/** Tells how an operation ended that was begun on this page. */
export function tellEnd(operation: Operation): void {
  const space = nameOf(operation.space);
  switch (operation.state) {
    case "succeeded":
      toast.success(doneWord(operation, space));
      break;
    case "failed":
      toast.error(m.operation_failed({ space }), { description: operation.error ?? undefined });
      break;
    // Another action took its place, which tells its own end.
    case "cancelled":
    case "sending":
    case "following":
      break;
  }
}

function doneWord({ action, steps }: Operation, space: string): string {
  switch (action.type) {
    case "set_hardware":
      return m.hardware_done({ space, hardware: action.flavor });
    case "set_sleep_time":
      return m.sleep_time_done({ space, time: sleepWord(action.sleep_time) });
    case "set_dev_mode":
      return action.enabled ? m.dev_mode_on_done({ space }) : m.dev_mode_off_done({ space });
    case "restart":
    case "factory_rebuild":
    case "pause": {
      const stage = steps.at(-1)?.stage;
      return stage ? m.operation_done({ space, stage: stageWord(stage) }) : space;
    }
  }
}
