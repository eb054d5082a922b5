import { createContext } from "svelte";
import type { Space } from "$lib/api/types";
import type { AskedAction } from "./operations.svelte";

/** The action that a person is asked to confirm, wherever they asked for it. */
export class AskedState {
  #current = $state.raw<{ action: AskedAction; space: Space } | null>(null);

  get current() {
    return this.#current;
  }

  ask(action: AskedAction, space: Space): void {
    this.#current = { action, space };
  }

  answered(): void {
    this.#current = null;
  }
}

export const [getAsked, setAsked] = createContext<AskedState>();
