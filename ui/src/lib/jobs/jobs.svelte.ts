import { createContext } from "svelte";
import { unwrap, type Api } from "$lib/api/client";
import type { ApiEvent, Job, JobPlan, Run } from "$lib/api/types";

/** How long changes are gathered before the list is drawn anew. */
const BATCH_MS = 250;

/** All jobs, read when a page first needs them, and kept true by events from then on. */
export class JobsState {
  readonly #api: Api;
  readonly #byId = new Map<string, Job>();
  #list = $state.raw<readonly Job[]>([]);
  #status = $state.raw<"idle" | "loading" | "ready" | "failed">("idle");
  #error = $state.raw<unknown>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Sorted by name. */
  get list(): readonly Job[] {
    return this.#list;
  }

  get status() {
    return this.#status;
  }

  get error(): unknown {
    return this.#error;
  }

  get(id: string): Job | undefined {
    // Reading the list makes the caller follow its changes; the map finds the job.
    return this.#list && this.#byId.get(id);
  }

  /** Reads them, unless that was begun already. */
  need(): void {
    if (this.#status === "idle") void this.load();
  }

  /** Reads them again, where a page has needed them. */
  refresh(): void {
    if (this.#status !== "idle") void this.load();
  }

  async load(): Promise<void> {
    if (this.#status !== "ready") this.#status = "loading";
    try {
      const jobs = await unwrap(this.#api.GET("/api/v1/jobs"));
      this.#byId.clear();
      for (const job of jobs) this.#byId.set(job.id, job);
      this.#status = "ready";
      this.#error = null;
      this.#draw();
    } catch (error) {
      this.#error = error;
      if (this.#status === "loading") this.#status = "failed";
    }
  }

  async create(plan: JobPlan): Promise<Job> {
    return this.#take(await unwrap(this.#api.POST("/api/v1/jobs", { body: plan })));
  }

  async change(id: string, plan: JobPlan): Promise<Job> {
    return this.#take(
      await unwrap(this.#api.PUT("/api/v1/jobs/{job}", { ...path(id), body: plan })),
    );
  }

  async remove(id: string): Promise<void> {
    await unwrap(this.#api.DELETE("/api/v1/jobs/{job}", path(id)));
    this.apply({ type: "job_removed", data: { id } });
  }

  /** Does now what a job does; its times stay as they are. */
  runNow(id: string): Promise<Run[]> {
    return unwrap(this.#api.POST("/api/v1/jobs/{job}/run", path(id)));
  }

  async setPaused(id: string, paused: boolean): Promise<void> {
    const answer = paused
      ? this.#api.POST("/api/v1/jobs/{job}/pause", path(id))
      : this.#api.POST("/api/v1/jobs/{job}/resume", path(id));
    this.#take(await unwrap(answer));
  }

  async duplicate(id: string): Promise<Job> {
    return this.#take(await unwrap(this.#api.POST("/api/v1/jobs/{job}/duplicate", path(id))));
  }

  apply(event: ApiEvent): void {
    if (this.#status === "idle") return;
    if (event.type === "job_changed") this.#byId.set(event.data.id, event.data);
    else if (event.type === "job_removed") this.#byId.delete(event.data.id);
    else return;
    this.#timer ??= setTimeout(() => this.#draw(), BATCH_MS);
  }

  #take(job: Job): Job {
    this.#byId.set(job.id, job);
    this.#draw();
    return job;
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#list = [...this.#byId.values()].sort(
      (a, b) => collator.compare(a.plan.name, b.plan.name) || collator.compare(a.id, b.id),
    );
  }
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

const path = (job: string) => ({ params: { path: { job } } });

export const [getJobs, setJobs] = createContext<JobsState>();
