import { createContext } from "svelte";
import type { Space } from "$lib/api/types";

/** The Spaces whose labels a person is choosing, wherever they asked for it. */
export class LabellingState {
  #spaces = $state.raw<readonly Space[]>([]);

  get spaces(): readonly Space[] {
    return this.#spaces;
  }

  begin(spaces: readonly Space[]): void {
    this.#spaces = spaces;
  }

  end(): void {
    this.#spaces = [];
  }
}

export const [getLabelling, setLabelling] = createContext<LabellingState>();
