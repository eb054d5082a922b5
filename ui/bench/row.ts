/** One line of the table. */
export interface Row {
  work: string;
  measured: number;
  unit: string;
  /** What must be reached; nothing where neither is there. */
  atMost?: number;
  atLeast?: number;
  /** What else is worth knowing about the figure. */
  note?: string;
}

/** The kind of annotation that carries a row to the reporter. */
export const ROW = "row";

/** The figure below which the given part of them lie: one that was measured. */
export function percentile(figures: readonly number[], part: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.ceil((sorted.length - 1) * part)] ?? NaN;
}
