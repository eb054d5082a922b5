import type { Line } from "./line";

/** A line on screen: by which element it is drawn, and how many rows it takes. */
export interface Place {
  readonly slot: number;
  readonly line: Line;
  readonly rows: number;
}

/**
 * The places of the lines on screen. A line that stays is at the very same place, so that nothing
 * of it is done again; one that comes takes over the element of one that has gone, because to make
 * elements is most of what a new line costs.
 */
export class Places {
  #byKey = new Map<number, Place>();
  #made = 0;

  of(lines: readonly Line[], rowsOf: (index: number) => number): Place[] {
    const left = new Map(this.#byKey);
    for (const line of lines) left.delete(line.key);
    const free = [...left.values()].map((place) => place.slot);
    const places = lines.map((line, index) => {
      const before = this.#byKey.get(line.key);
      const rows = rowsOf(index);
      if (before?.line === line && before.rows === rows) return before;
      return { slot: before?.slot ?? free.pop() ?? this.#made++, line, rows };
    });
    this.#byKey = new Map(places.map((place) => [place.line.key, place]));
    return places;
  }
}
