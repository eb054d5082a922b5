import { createContext } from "svelte";
import type { Job } from "$lib/api/types";

/** What a person is asked about a job, wherever they asked for it. */
export class AskedJobState {
  #current = $state.raw<{ ask: "run" | "remove"; job: Job } | null>(null);

  get current() {
    return this.#current;
  }

  ask(ask: "run" | "remove", job: Job): void {
    this.#current = { ask, job };
  }

  answered(): void {
    this.#current = null;
  }
}

export const [getAskedJob, setAskedJob] = createContext<AskedJobState>();
