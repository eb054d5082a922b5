import { nameOf } from "$lib/spaces/space";

/** A Space among those whose logs are shown as one. */
export interface Source {
  id: string;
  /** As it is called beside its lines. */
  name: string;
  /** A colour that can be read on the log's ground. */
  colour: string;
}

/** So many logs are read as one at most. */
export const MOST_SOURCES = 20;

const COLOURS = [
  "#60a5fa",
  "#c084fc",
  "#4ade80",
  "#fbbf24",
  "#22d3ee",
  "#f472b6",
  "#fb923c",
  "#a3e635",
  "#a5b4fc",
  "#5eead4",
];
const KEY = "hfsm-log-spaces";
const ID = /^[^/\s]+\/[^/\s]+$/;

/** The Spaces whose logs are shown as one: in the page's address, or those of the last time. */
export class Sources {
  #ids = $state.raw<readonly string[]>([]);
  /** A Space keeps its colour when another one goes. */
  readonly #colours = new Map<string, number>();
  readonly list = $derived(sourcesOf(this.#ids, (id) => this.#colours.get(id) ?? 0));

  constructor(search: URLSearchParams) {
    const asked = search.getAll("space").filter((id) => ID.test(id));
    this.choose(asked.length > 0 ? asked : read());
  }

  get ids(): readonly string[] {
    return this.#ids;
  }

  has(id: string): boolean {
    return this.#ids.includes(id);
  }

  get full(): boolean {
    return this.#ids.length >= MOST_SOURCES;
  }

  toggle(id: string): void {
    if (this.has(id)) this.choose(this.#ids.filter((it) => it !== id));
    else this.choose([...this.#ids, id]);
  }

  choose(ids: readonly string[]): void {
    const chosen = [...new Set(ids)].slice(0, MOST_SOURCES);
    for (const id of this.#colours.keys()) {
      if (!chosen.includes(id)) this.#colours.delete(id);
    }
    for (const id of chosen) {
      const taken = new Set(this.#colours.values());
      if (this.#colours.has(id)) continue;
      this.#colours.set(id, [...Array(MOST_SOURCES).keys()].find((it) => !taken.has(it)) ?? 0);
    }
    this.#ids = chosen;
    try {
      localStorage.setItem(KEY, JSON.stringify(chosen));
    } catch {
      // A browser that forbids storage begins with none the next time.
    }
  }

  writeTo(search: URLSearchParams): void {
    for (const id of this.#ids) search.append("space", id);
  }
}

/** Names them; one whose name another one has too is called by its owner as well. */
function sourcesOf(ids: readonly string[], placeOf: (id: string) => number): Source[] {
  return ids.map((id) => {
    const shared = ids.some((it) => it !== id && nameOf(it) === nameOf(id));
    const colour = COLOURS[placeOf(id) % COLOURS.length] ?? "#60a5fa";
    return { id, name: shared ? id : nameOf(id), colour };
  });
}

function read(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((id) => typeof id === "string" && ID.test(id)) : [];
  } catch {
    return [];
  }
}
