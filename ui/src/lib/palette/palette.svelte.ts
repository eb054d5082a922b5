import { createContext } from "svelte";

const KEY = "hfsm-palette";
const KEPT = 6;

/** Whether the palette is open, and what was run from it last. */
export class PaletteState {
  open = $state(false);
  #recent = $state.raw<readonly string[]>(read());

  /** The names of the commands that were run last, newest first. */
  get recent(): readonly string[] {
    return this.#recent;
  }

  remember(id: string): void {
    this.#recent = [id, ...this.#recent.filter((it) => it !== id)].slice(0, KEPT);
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#recent));
    } catch {
      // A browser that forbids storage remembers until the page is closed.
    }
  }
}

function read(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter((it) => typeof it === "string") : [];
  } catch {
    return [];
  }
}

export const [getPalette, setPalette] = createContext<PaletteState>();
