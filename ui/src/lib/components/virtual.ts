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
