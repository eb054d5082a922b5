import type { Run } from "$lib/api/types";

/** How one time of a job went, over all of its Spaces. */
export interface Beat {
  at: string;
  state: Run["state"];
}

/** The first of these that some run is in says how the whole time went. */
const WORST: readonly Run["state"][] = [
  "running",
  "waiting",
  "failed",
  "refused",
  "missed",
  "done",
  "skipped",
];

/** Takes runs, newest first, together by the time that was planned; the oldest first. */
export function beatsOf(runs: readonly Run[], most: number): Beat[] {
  const byTime = new Map<string, Run["state"]>();
  for (const { planned_at, state } of runs) {
    const known = byTime.get(planned_at);
    if (!known || WORST.indexOf(state) < WORST.indexOf(known)) byTime.set(planned_at, state);
  }
  return [...byTime]
    .map(([at, state]) => ({ at, state }))
    .slice(0, most)
    .reverse();
}
