import { createContext } from "svelte";
import type { Job, JobAction, Space } from "$lib/api/types";
import type { AutoHealState } from "$lib/auto-heal/heal.svelte";
import { concerns } from "$lib/jobs/job-filter";
import type { JobsState } from "$lib/jobs/jobs.svelte";
import type { KeptSpacesState } from "$lib/keep-alive/kept-spaces.svelte";
import type { SettingsState } from "$lib/settings/settings.svelte";

/** What is done to a Space by itself next, and for which reason. */
export interface Next {
  at: string;
  action: JobAction["type"];
  cause: Job | "keep_alive" | "auto_heal";
}

/** What is done next by itself, of all that was chosen for a Space. */
export class NextState {
  readonly #jobs: JobsState;
  readonly #kept: KeptSpacesState;
  readonly #heal: AutoHealState;
  readonly #settings: SettingsState;
  /** The jobs that will run, the first first. */
  readonly #planned = $derived.by(() =>
    this.#jobs.list
      .filter((job) => !job.paused && job.planned_at)
      .sort((a, b) => timeOf(a.planned_at) - timeOf(b.planned_at)),
  );
  /** The first of those that name a Space. */
  readonly #named = $derived.by(() => {
    const named = new Map<string, Job>();
    for (const job of this.#planned) {
      if (job.plan.target.type !== "spaces") continue;
      for (const id of job.plan.target.spaces) if (!named.has(id)) named.set(id, job);
    }
    return named;
  });
  readonly #shared = $derived(this.#planned.filter((job) => job.plan.target.type !== "spaces"));

  constructor(
    jobs: JobsState,
    kept: KeptSpacesState,
    heal: AutoHealState,
    settings: SettingsState,
  ) {
    this.#jobs = jobs;
    this.#kept = kept;
    this.#heal = heal;
    this.#settings = settings;
  }

  /** Reads what it is found from, unless that was begun already. */
  need(): void {
    this.#jobs.need();
    this.#kept.need();
    this.#heal.need();
  }

  /** `null` where nothing is, as far as is known, and while all automation rests. */
  of(space: Space): Next | null {
    if (this.#settings.current?.pause_automation) return null;
    const found: Next[] = [];
    const jobs = [this.#named.get(space.id), this.#shared.find((job) => concerns(job, space))];
    for (const job of jobs) {
      if (job?.planned_at)
        found.push({ at: job.planned_at, action: job.plan.action.type, cause: job });
    }
    const visit = this.#kept.of(space.id)?.next_visit_at;
    if (visit) found.push({ at: visit, action: "visit", cause: "keep_alive" });
    const heal = this.#heal.of(space.id);
    if (heal?.next_attempt_at && heal.next_action)
      found.push({ at: heal.next_attempt_at, action: heal.next_action.type, cause: "auto_heal" });
    return found.sort((a, b) => timeOf(a.at) - timeOf(b.at))[0] ?? null;
  }
}

const timeOf = (at: string | null | undefined): number => (at ? new Date(at).getTime() : Infinity);

export const [getNext, setNext] = createContext<NextState>();
