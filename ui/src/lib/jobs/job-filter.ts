import type { Job, Space } from "$lib/api/types";
import { hasLabel } from "$lib/labels/labels";
import { actionName } from "./job-words";

/** Whether every word of a query is in a job's name, its action or its targets. */
export function matches(job: Job, query: string, titleOf: (space: string) => string): boolean {
  const { name, action, target } = job.plan;
  const targets =
    target.type === "spaces"
      ? target.spaces.map((id) => `${id} ${titleOf(id)}`).join(" ")
      : target.type === "account"
        ? target.account
        : target.label;
  const text = `${name} ${actionName(action.type)} ${targets}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Whether a job is for a Space now. */
export function concerns({ plan: { target } }: Job, space: Space): boolean {
  switch (target.type) {
    case "spaces":
      return target.spaces.some((id) => id.toLowerCase() === space.id.toLowerCase());
    case "account":
      return space.accounts.includes(target.account) && space.write_access !== "no";
    case "label":
      return hasLabel(space, target.label);
  }
}
