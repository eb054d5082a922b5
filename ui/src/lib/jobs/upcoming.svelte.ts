import { unwrap, type Api } from "$lib/api/client";
import type { Job } from "$lib/api/types";

/** So many times of a job are asked for: what the API tells at most. */
const MOST_TIMES = 100;
/** So many jobs are asked about: those that come first. */
const MOST_ASKED = 60;
const AT_ONCE = 4;

export interface Upcoming {
  job: Job;
  /** When it fires, in milliseconds, oldest first. */
  times: readonly number[];
}

/** The times of all jobs in a stretch of time. Of cron only the server knows more than the next one. */
export class UpcomingState {
  readonly #api: Api;
  #told = $state.raw<ReadonlyMap<string, readonly number[]>>(new Map());
  readonly #asked = new Set<string>();
  #waiting: Job[] = [];
  #running = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Those that fire before `to`, the first first. */
  of(jobs: readonly Job[], from: number, to: number): Upcoming[] {
    return jobs
      .map((job) => ({ job, times: this.#timesOf(job, from, to) }))
      .filter(({ times }) => times.length > 0)
      .sort((a, b) => (a.times[0] ?? 0) - (b.times[0] ?? 0));
  }

  /** Asks for what is not known yet. */
  ask(jobs: readonly Job[], to: number): void {
    const unknown = jobs
      .filter((job) => job.plan.trigger.type === "cron" && nextOf(job) < to)
      .filter((job) => !this.#asked.has(keyOf(job)))
      .sort((a, b) => nextOf(a) - nextOf(b))
      .slice(0, MOST_ASKED);
    for (const job of unknown) this.#asked.add(keyOf(job));
    this.#waiting.push(...unknown);
    for (; this.#running < AT_ONCE && this.#waiting.length > 0; this.#running++) void this.#work();
  }

  #timesOf(job: Job, from: number, to: number): number[] {
    const next = nextOf(job);
    if (next >= to) return [];
    const { trigger } = job.plan;
    if (trigger.type === "every") return every(trigger.seconds * 1000, next, to);
    const later = this.#told.get(keyOf(job)) ?? [];
    return [...new Set([next, ...later])].filter((at) => at >= Math.min(from, next) && at < to);
  }

  async #work(): Promise<void> {
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) {
      try {
        const body = { trigger: job.plan.trigger, count: MOST_TIMES };
        const times = await unwrap(this.#api.POST("/api/v1/jobs/preview", { body }));
        const at = times.map((time) => new Date(time.at).getTime());
        this.#told = new Map(this.#told).set(keyOf(job), at);
      } catch {
        this.#asked.delete(keyOf(job)); // Its next time is shown all the same.
      }
    }
    this.#running -= 1;
  }
}

/** What a job's later times depend on: they are asked for again once one of them is over. */
const keyOf = (job: Job): string => `${JSON.stringify(job.plan.trigger)} ${job.planned_at}`;

const nextOf = (job: Job): number =>
  job.paused || !job.planned_at ? Infinity : new Date(job.planned_at).getTime();

function every(step: number, first: number, to: number): number[] {
  const times: number[] = [];
  for (let at = first; at < to && times.length < MOST_TIMES; at += step) times.push(at);
  return times;
}
