import type { HardwareOption, Job } from "$lib/api/types";
import { actionWord } from "$lib/jobs/job-words";
import { triggerWord } from "$lib/jobs/trigger-words.svelte";
import * as m from "$lib/paraglide/messages";
import type { Command } from "./commands";

interface Does {
  go: (path: string) => void;
  /** Asks whether a job is to run now. */
  askRun: (job: Job) => void;
  pauseAll: (paused: boolean) => void;
}

/** What can be done to jobs, and to all of them at once. */
export function jobCommands(
  jobs: readonly Job[],
  allPaused: boolean,
  hardware: ReadonlyMap<string, HardwareOption>,
  does: Does,
): Command[] {
  const pause: Command = {
    id: "automation",
    group: "actions",
    icon: "pause",
    name: allPaused ? m.resume_automation() : m.pause_automation(),
    keywords: "automation maintenance",
    run: () => does.pauseAll(!allPaused),
  };
  return [
    pause,
    ...jobs.flatMap((job): Command[] => {
      const { name, action, trigger } = job.plan;
      const what = `${actionWord(action, hardware)} · ${triggerWord(trigger)}`;
      const about = { group: "actions", name, keywords: `job ${action.type}` } as const;
      return [
        {
          ...about,
          id: `run-job:${job.id}`,
          icon: "job",
          verb: m.run_now(),
          hint: `${what} · ${m.palette_asks()}`,
          run: () => does.askRun(job),
        },
        {
          ...about,
          id: `job:${job.id}`,
          icon: "job",
          hint: what,
          run: () => does.go(`/schedules/${job.id}`),
        },
      ];
    }),
  ];
}
