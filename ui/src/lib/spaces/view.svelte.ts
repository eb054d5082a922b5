import { createContext } from "svelte";
import { COLUMNS, type Column } from "./columns";

export type Mode = "table" | "cards";
export type Density = "comfortable" | "compact";

interface View {
  mode: Mode;
  density: Density;
  grouped: boolean;
  columns: Column[];
  /** Owners whose group is folded. */
  folded: string[];
  favourites: string[];
}

const KEY = "hfsm-view";
const DEFAULT: View = {
  mode: "table",
  density: "comfortable",
  grouped: true,
  columns: [...COLUMNS],
  folded: [],
  favourites: [],
};

/** How this person likes the list; kept by this browser. What is shown is the filter's. */
export class ViewState {
  #view = $state.raw<View>(read());
  readonly #favourites = $derived(new Set(this.#view.favourites));
  readonly #folded = $derived(new Set(this.#view.folded));

  get mode(): Mode {
    return this.#view.mode;
  }

  get density(): Density {
    return this.#view.density;
  }

  /** Whether the Spaces stand under their owners. */
  get grouped(): boolean {
    return this.#view.grouped;
  }

  get columns(): readonly Column[] {
    return this.#view.columns;
  }

  isFavourite(space: string): boolean {
    return this.#favourites.has(space);
  }

  isFolded(owner: string): boolean {
    return this.#folded.has(owner);
  }

  set(part: Partial<Pick<View, "mode" | "density" | "grouped">>): void {
    this.#keep(part);
  }

  toggleColumn(column: Column): void {
    const shown = this.columns.includes(column)
      ? this.columns.filter((it) => it !== column)
      : [...this.columns, column];
    this.#keep({ columns: shown });
  }

  /** Moves a column one place towards the name, or away from it. */
  moveColumn(column: Column, by: -1 | 1): void {
    const columns = [...this.columns];
    const from = columns.indexOf(column);
    const to = from + by;
    if (from < 0 || to < 0 || to >= columns.length) return;
    columns.splice(to, 0, ...columns.splice(from, 1));
    this.#keep({ columns });
  }

  /** Moves a column to the place of another. */
  placeColumn(column: Column, at: Column): void {
    const to = this.columns.indexOf(at);
    const columns = this.columns.filter((it) => it !== column);
    if (to < 0 || columns.length === this.columns.length) return;
    columns.splice(to, 0, column);
    this.#keep({ columns });
  }

  toggleFolded(owner: string): void {
    this.#keep({ folded: toggled(this.#view.folded, owner) });
  }

  toggleFavourite(space: string): void {
    this.#keep({ favourites: toggled(this.#view.favourites, space) });
  }

  #keep(part: Partial<View>): void {
    this.#view = { ...this.#view, ...part };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#view));
    } catch {
      // A browser that forbids storage keeps it until the page is closed.
    }
  }
}

const toggled = (list: readonly string[], item: string): string[] =>
  list.includes(item) ? list.filter((it) => it !== item) : [...list, item];

/** What is kept may be of another version, or of somebody who edited it: each part is checked. */
function read(): View {
  let stored: Partial<Record<keyof View, unknown>> = {};
  try {
    stored = (JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {}) as typeof stored;
  } catch {
    return DEFAULT;
  }
  const words = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((it) => typeof it === "string") : [];
  const columns = COLUMNS.filter((it) => words(stored.columns).includes(it)).sort(
    (a, b) => words(stored.columns).indexOf(a) - words(stored.columns).indexOf(b),
  );
  return {
    mode: stored.mode === "cards" ? "cards" : "table",
    density: stored.density === "compact" ? "compact" : "comfortable",
    grouped: stored.grouped !== false,
    columns: Array.isArray(stored.columns) ? columns : DEFAULT.columns,
    folded: words(stored.folded),
    favourites: words(stored.favourites),
  };
}

export const [getView, setView] = createContext<ViewState>();
