import { unwrap, type Api } from "$lib/api/client";
import type { ApiEvent, Run } from "$lib/api/types";
import { pathOf } from "$lib/spaces/space";
import { hasEnded } from "./runs.svelte";

/** So many ends are remembered for answers that are still on their way. */
const REMEMBERED = 500;

/** The wakes that were begun on this page, each with whom its end is told to. */
export class WakesState {
  readonly #mine = new Map<string, (run: Run) => void>();
  readonly #ended = new Map<string, Run>();
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Has the app of a Space answer. */
  async begin(space: string, onEnd: (run: Run) => void): Promise<void> {
    const params = { path: pathOf(space) };
    const run = await unwrap(this.#api.POST("/api/v1/spaces/{owner}/{name}/wake", { params }));
    // The answer to a click may arrive after the event that tells the end.
    const ended = this.#ended.get(run.id);
    if (ended) onEnd(ended);
    else this.#mine.set(run.id, onEnd);
  }

  apply(event: ApiEvent): void {
    if (event.type !== "run_changed" || !hasEnded(event.data)) return;
    const run = event.data;
    this.#ended.set(run.id, run);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > REMEMBERED && oldest !== undefined) this.#ended.delete(oldest);
    const tell = this.#mine.get(run.id);
    if (tell && this.#mine.delete(run.id)) tell(run);
  }
}
