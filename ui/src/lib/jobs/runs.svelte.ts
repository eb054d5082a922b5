import { unwrap, type Api } from "$lib/api/client";
import type { ApiEvent, Run } from "$lib/api/types";

/** Which runs are wanted; all where nothing is named. */
export interface RunFilter {
  job?: string;
  space?: string;
  state?: Run["state"];
  cause?: Run["cause"];
}

export const hasEnded = (run: Run): boolean => run.state !== "waiting" && run.state !== "running";

/** Runs, newest first, kept true by events; more is read when a person asks for it. */
export class RunsState {
  #list = $state.raw<readonly Run[]>([]);
  #status = $state.raw<"loading" | "ready" | "failed">("loading");
  #error = $state.raw<unknown>(null);
  #cursor = $state.raw<string | null>(null);
  readonly #api: Api;
  readonly #filter: RunFilter;
  readonly #limit: number;

  constructor(api: Api, filter: RunFilter = {}, limit = 50) {
    this.#api = api;
    this.#filter = filter;
    this.#limit = limit;
  }

  get list(): readonly Run[] {
    return this.#list;
  }

  get status() {
    return this.#status;
  }

  get error(): unknown {
    return this.#error;
  }

  get hasMore(): boolean {
    return this.#cursor !== null;
  }

  async load(): Promise<void> {
    try {
      const page = await this.#read();
      this.#list = page.items;
      this.#cursor = page.next_cursor ?? null;
      this.#status = "ready";
    } catch (error) {
      this.#error = error;
      if (this.#status === "loading") this.#status = "failed";
    }
  }

  async loadMore(): Promise<void> {
    const page = await this.#read(this.#cursor ?? undefined);
    this.#list = merged(this.#list, page.items);
    this.#cursor = page.next_cursor ?? null;
  }

  apply(event: ApiEvent): void {
    if (event.type !== "run_changed") return;
    const run = event.data;
    if (this.#wants(run)) this.#list = merged(this.#list, [run]);
    else this.#list = this.#list.filter((it) => it.id !== run.id);
  }

  #wants(run: Run): boolean {
    const { job, space, state, cause } = this.#filter;
    return (
      (job === undefined || run.job === job) &&
      (space === undefined || run.space === space) &&
      (state === undefined || run.state === state) &&
      (cause === undefined || run.cause === cause)
    );
  }

  #read(cursor?: string) {
    const query = { ...this.#filter, limit: this.#limit, cursor };
    return unwrap(this.#api.GET("/api/v1/runs", { params: { query } }));
  }
}

/** Puts runs into a list; what is not numbered yet is the newest. */
function merged(list: readonly Run[], more: readonly Run[]): Run[] {
  const byId = new Map(list.map((run) => [run.id, run]));
  for (const run of more) {
    const known = byId.get(run.id);
    // The answer to a click may arrive after the event that tells the end: what has ended stays so.
    if (known && hasEnded(known) && !hasEnded(run)) continue;
    byId.set(run.id, run.number === 0 && known ? { ...run, number: known.number } : run);
  }
  const placeOf = (run: Run) => (run.number === 0 ? Number.MAX_SAFE_INTEGER : run.number);
  return [...byId.values()].sort((a, b) => placeOf(b) - placeOf(a));
}
