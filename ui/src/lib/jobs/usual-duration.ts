import type { Run } from "$lib/api/types";

/** How long such runs usually take until they are done, in milliseconds; `null` where none was. */
export function usualDuration(runs: readonly Run[]): number | null {
  const took = runs
    .flatMap((run) =>
      run.state === "done" && run.started_at && run.ended_at
        ? [new Date(run.ended_at).getTime() - new Date(run.started_at).getTime()]
        : [],
    )
    .sort((a, b) => a - b);
  return took[Math.floor(took.length / 2)] ?? null;
}
