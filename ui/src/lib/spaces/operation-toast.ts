import { toast } from "svelte-sonner";
import type { Operation } from "$lib/api/types";
import * as m from "$lib/paraglide/messages";
import { nameOf } from "./space";
import { stageWord } from "./stage";

/** Tells how an operation ended that was begun on this page. */
export function tellEnd(operation: Operation): void {
  const space = nameOf(operation.space);
  const stage = operation.steps.at(-1)?.stage;
  switch (operation.state) {
    case "succeeded":
      toast.success(stage ? m.operation_done({ space, stage: stageWord(stage) }) : space);
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
