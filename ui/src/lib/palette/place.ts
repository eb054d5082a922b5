import type { Command } from "./commands";

/** A row of the palette: in which part, and which of its rows. */
export const placeAt = (part: number, row: number): string => `${part} ${row}`;

interface Group {
  entries: readonly Pick<Command, "id">[];
}

function entryAt(groups: readonly Group[], place: string): string | undefined {
  const [part = -1, row = -1] = place.split(" ").map(Number);
  return groups[part]?.entries[row]?.id;
}

function placeOf(groups: readonly Group[], id: string): string | undefined {
  for (const [part, { entries }] of groups.entries()) {
    const row = entries.findIndex((entry) => entry.id === id);
    if (row >= 0) return placeAt(part, row);
  }
  return undefined;
}

/**
 * Holds on to what is chosen while the list changes by itself, because a Space came or went: Enter
 * does what it would have done a moment ago, or nothing where that has gone.
 */
export class Chosen {
  #groups: readonly Group[] = [];
  #query: string | undefined;
  #place = "";
  #id: string | undefined;

  /** Where what is chosen stands now. `place` is where it stood, or what a person chose since. */
  follow(groups: readonly Group[], query: string, place: string): string {
    const byItself = groups !== this.#groups && query === this.#query && place === this.#place;
    const next = byItself ? this.#after(groups, place) : place;
    this.#groups = groups;
    this.#query = query;
    this.#place = next;
    this.#id = entryAt(groups, next);
    return next;
  }

  #after(groups: readonly Group[], place: string): string {
    if (this.#groups.length === 0 && groups.length > 0) return placeAt(0, 0);
    return this.#id === undefined ? place : (placeOf(groups, this.#id) ?? "");
  }
}
