import type { Activity } from "$lib/api/types";

/** Which lines of the activity list are wanted; what is left out is not asked about. */
export interface ActivityFilter {
  space?: string;
  account?: string;
  kind?: Activity["kind"];
  outcome?: Activity["outcome"];
  actor?: Activity["actor"]["type"];
  /** Which person or job. */
  actor_name?: string;
}

export const OUTCOMES = ["done", "refused", "failed"] as const satisfies Activity["outcome"][];
export const ACTORS = [
  "person",
  "desktop",
  "api_key",
  "command_line",
  "job",
  "system",
] as const satisfies Activity["actor"]["type"][];

/** What an address asks for; words that nobody knows are left out. */
export function readFilter(
  search: URLSearchParams,
  kinds: readonly Activity["kind"][],
): ActivityFilter {
  const text = (name: string) => search.get(name) || undefined;
  return withoutNothing({
    space: text("space"),
    account: text("account"),
    kind: kinds.find((it) => it === search.get("kind")),
    outcome: OUTCOMES.find((it) => it === search.get("outcome")),
    actor: ACTORS.find((it) => it === search.get("actor")),
    actor_name: text("actor_name"),
  });
}

/** The filter without what asks for nothing. */
export const withoutNothing = (filter: ActivityFilter): ActivityFilter =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));

/** Whether a line is one of those that are wanted. */
export function fits(activity: Activity, filter: ActivityFilter): boolean {
  const { actor } = activity;
  return (
    (filter.space === undefined || filter.space === activity.space) &&
    (filter.account === undefined || filter.account === activity.account) &&
    (filter.kind === undefined || filter.kind === activity.kind) &&
    (filter.outcome === undefined || filter.outcome === activity.outcome) &&
    (filter.actor === undefined || filter.actor === actor.type) &&
    (filter.actor_name === undefined || ("name" in actor && filter.actor_name === actor.name))
  );
}
