import type { Run } from "$lib/api/types";
import { usual } from "$lib/format/usual";

/** How long such runs usually take until they are done, in milliseconds; `null` where none was. */
export const usualDuration = (runs: readonly Run[]): number | null =>
  usual(
    runs.flatMap((run) =>
      run.state === "done" && run.started_at && run.ended_at
        ? [new Date(run.ended_at).getTime() - new Date(run.started_at).getTime()]
        : [],
    ),
  );
