import { createContext } from "svelte";

const KEY = "hfsm-palette";
const KEPT = 6;

/** Whether the palette is open, and what was run from it last. */
export class PaletteState {
  open = $state(false);
  /** What was typed into it. */
  query = $state("");
  #recent = $state.raw<readonly string[]>(read());

  /** The names of the commands that were run last, newest first. */
  get recent(): readonly string[] {
    return this.#recent;
  }

  /**
   * Takes a key that is pressed while the palette opens, before its field is there to take it, so
   * that it neither is lost nor does what the key does elsewhere. Returns whether it did.
   */
  hear(event: KeyboardEvent): boolean {
    const held = event.ctrlKey || event.metaKey || event.altKey;
    const there = event.target instanceof Element && event.target.closest("[role=dialog]");
    if (!this.open || held || there || event.isComposing) return false;
    if (event.key === "Escape") this.open = false;
    else if (event.key === "Backspace") this.query = this.query.slice(0, -1);
    else if (event.key.length === 1) this.query += event.key;
    else return false;
    event.preventDefault();
    return true;
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
