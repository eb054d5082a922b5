import { createContext } from "svelte";
import { unwrap, type Api } from "$lib/api/client";
import type { Activity, ApiEvent } from "$lib/api/types";

/** What was done, newest first; more is read when the person asks for it. */
export class ActivityState {
  #list = $state.raw<readonly Activity[]>([]);
  #status = $state.raw<"loading" | "ready" | "failed">("loading");
  #error = $state.raw<unknown>(null);
  #cursor = $state.raw<string | null>(null);
  readonly #api: Api;
  readonly #only: { space?: string };
  readonly #followers = new Set<(added: Activity) => void>();

  /** @param only Of one Space; of everything where it is left out. */
  constructor(api: Api, only: { space?: string } = {}) {
    this.#api = api;
    this.#only = only;
  }

  /** Tells each line that is added. Returns what stops it. */
  follow(follower: (added: Activity) => void): () => void {
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
      this.#status = "failed";
    }
  }

  async loadMore(): Promise<void> {
    const page = await this.#read(this.#cursor ?? undefined);
    const known = new Set(this.#list.map((it) => it.id));
    this.#list = [...this.#list, ...page.items.filter((it) => !known.has(it.id))];
    this.#cursor = page.next_cursor ?? null;
  }

  apply(event: ApiEvent): void {
    if (event.type !== "activity_added") return;
    const added = event.data;
    for (const follower of this.#followers) follower(added);
    const mine = this.#only.space === undefined || this.#only.space === added.space;
    if (!mine || this.#status !== "ready") return;
    this.#list = [added, ...this.#list.filter((it) => it.id !== added.id)];
  }

  #read(cursor?: string) {
    return unwrap(
      this.#api.GET("/api/v1/activity", {
        params: { query: { limit: 50, cursor, ...this.#only } },
      }),
    );
  }
}

export const [getActivity, setActivity] = createContext<ActivityState>();
