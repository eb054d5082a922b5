/** The part of a list that a window shows. `offsets[i]` is where row `i` begins; one more ends it. */
export function visibleRange(
  offsets: readonly number[],
  top: number,
  height: number,
  overscan: number,
): { from: number; to: number } {
  const rows = offsets.length - 1;
  if (rows <= 0) return { from: 0, to: 0 };
  const first = rowAt(offsets, top);
  const last = rowAt(offsets, top + height);
  return { from: Math.max(0, first - overscan), to: Math.min(rows, last + 1 + overscan) };
}

/** Where each row begins, and where the last one ends. */
export function offsetsOf(heights: readonly number[]): number[] {
  const offsets = [0];
  for (const height of heights) offsets.push((offsets.at(-1) ?? 0) + height);
  return offsets;
}

/**
 * Which element shows which row. A row that comes takes over the element of one that has gone,
 * because to make elements is most of what a new row costs; one that stays keeps its own.
 */
export class Slots {
  #byKey = new Map<string, number>();
  #made = 0;

  /** The slot of each of `keys`. Nobody takes over `kept`, in which the focus is. */
  assign(keys: readonly string[], kept?: number): number[] {
    const shown = new Set(keys);
    const free: number[] = [];
    for (const [key, slot] of this.#byKey) {
      if (!shown.has(key) && slot !== kept) free.push(slot);
    }
    let next = 0;
    const slots = keys.map((key) => this.#byKey.get(key) ?? free[next++] ?? this.#made++);
    this.#byKey = new Map(keys.map((key, index) => [key, slots[index] ?? 0]));
    return slots;
  }
}

function rowAt(offsets: readonly number[], position: number): number {
  let low = 0;
  let high = offsets.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] ?? 0) <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}
