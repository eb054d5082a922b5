/** How long something usually takes: the median of how long it took, `null` where it never did. */
export function usual(took: readonly number[]): number | null {
  const sorted = [...took].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
