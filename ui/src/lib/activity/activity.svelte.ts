import { createContext } from "svelte";
import { unwrap, type Api } from "$lib/api/client";
import type { Activity, ApiEvent } from "$lib/api/types";
import { fits, type ActivityFilter } from "./activity-filter";

/** So many lines at once on the page, and so many where all are read to be saved. */
const PAGE = 50;
const MOST = 1000;

/** What was done, newest first; more is read when the person asks for it. */
export class ActivityState {
  #list = $state.raw<readonly Activity[]>([]);
  #status = $state.raw<"loading" | "ready" | "failed">("loading");
  #error = $state.raw<unknown>(null);
  #cursor = $state.raw<string | null>(null);
  #filter = $state.raw<ActivityFilter>({});
  readonly #api: Api;
  readonly #followers = new Set<(event: ApiEvent) => void>();

  constructor(api: Api, filter: ActivityFilter = {}) {
    this.#api = api;
    this.#filter = filter;
  }

  /** Tells each line that is added. Returns what stops it. */
  follow(follower: (event: ApiEvent) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  get list() {
    return this.#list;
  }

  get status() {
    return this.#status;
  }

  get error() {
    return this.#error;
  }

  get filter(): ActivityFilter {
    return this.#filter;
  }

  get filtered(): boolean {
    return Object.keys(this.#filter).length > 0;
  }

  get hasMore(): boolean {
    return this.#cursor !== null;
  }

  /** Shows other lines. */
  async show(filter: ActivityFilter): Promise<void> {
    this.#filter = filter;
    this.#status = "loading";
    await this.load();
  }

  async load(): Promise<void> {
    const filter = this.#filter;
    if (this.#status === "failed") this.#status = "loading";
    try {
      const page = await this.#read(PAGE);
      if (filter !== this.#filter) return;
      this.#list = page.items;
      this.#cursor = page.next_cursor ?? null;
      this.#status = "ready";
    } catch (error) {
      if (filter !== this.#filter) return;
      this.#error = error;
      this.#status = "failed";
    }
  }

  async loadMore(): Promise<void> {
    const filter = this.#filter;
    const page = await this.#read(PAGE, this.#cursor ?? undefined);
    if (filter !== this.#filter) return;
    const known = new Set(this.#list.map((it) => it.id));
    this.#list = [...this.#list, ...page.items.filter((it) => !known.has(it.id))];
    this.#cursor = page.next_cursor ?? null;
  }

  /** Every line that the filter lets through, also those that are not on the page. */
  async all(): Promise<Activity[]> {
    const found: Activity[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#read(MOST, cursor);
      found.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    return found;
  }

  apply(event: ApiEvent): void {
    if (event.type !== "activity_added") return;
    for (const follower of this.#followers) follower(event);
    const added = event.data;
    if (!fits(added, this.#filter) || this.#status !== "ready") return;
    this.#list = [added, ...this.#list.filter((it) => it.id !== added.id)];
  }

  #read(limit: number, cursor?: string) {
    return unwrap(
      this.#api.GET("/api/v1/activity", {
        params: { query: { limit, cursor, ...this.#filter } },
      }),
    );
  }
}

export const [getActivity, setActivity] = createContext<ActivityState>();
