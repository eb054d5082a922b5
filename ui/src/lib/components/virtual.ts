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
  let end = 0;
  for (const height of heights) offsets.push((end += height));
  return offsets;
}

/** An element of a list and the row that it shows, or showed last. */
interface Slot<T> {
  id: number;
  kind: string;
  item: T;
  /** The place of the row in the list; `null` while the element is put away. */
  index: number | null;
}

interface Naming<T> {
  keyOf: (item: T) => string;
  /** Rows of one kind are made of the same elements. */
  kindOf: (item: T) => string;
}

/**
 * Which element shows which row. To make elements is most of what a row costs: none is ever thrown
 * away, and one whose row has gone waits until there is another row of its kind.
 */
export class Slots<T> {
  readonly #naming: Naming<T>;
  /** All that were made, in the order in which they stand in the page. */
  #all: readonly Slot<T>[] = [];

  constructor(naming: Naming<T>) {
    this.#naming = naming;
  }

  /**
   * Shows `items`, the first of which has the place `from` in the list. Nobody takes over `kept`,
   * in which the focus is.
   */
  show(items: readonly T[], from: number, kept?: number): readonly Slot<T>[] {
    const { keyOf, kindOf } = this.#naming;
    const keys = new Set(items.map(keyOf));
    const byKey = new Map<string, Slot<T>>();
    for (const slot of this.#all) {
      const key = keyOf(slot.item);
      if (keys.has(key) && (slot.index !== null || !byKey.has(key))) byKey.set(key, slot);
    }
    // Where most are others, as when somebody filters, they come in the order of the elements:
    // to move an element costs more than to write another row into it.
    if (byKey.size * 2 < items.length) {
      for (const [key, { id }] of byKey) if (id !== kept) byKey.delete(key);
    }
    const taken = new Set(byKey.values());
    const free = new Map<string, Slot<T>[]>();
    for (const slot of this.#all) {
      if (taken.has(slot) || slot.id === kept) continue;
      const others = free.get(slot.kind);
      if (others) others.push(slot);
      else free.set(slot.kind, [slot]);
    }
    let made = this.#all.length;
    const order = items.map((item, n): Slot<T> => {
      const kind = kindOf(item);
      const slot = byKey.get(keyOf(item)) ?? free.get(kind)?.shift();
      return { id: slot?.id ?? made++, kind, item, index: from + n };
    });
    // What is put away stays behind what it stood behind.
    let at = 0;
    for (const slot of this.#all) {
      const place = order.findIndex(({ id }) => id === slot.id);
      if (place >= 0) at = place + 1;
      else order.splice(at++, 0, { ...slot, index: null });
    }
    this.#all = order;
    return order;
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
