import type { Line, Lines } from "./series";

/** What can be said of a line in numbers. */
export interface Summary {
  least: number;
  mean: number;
  most: number;
}

/** Of what lies between two moments, in seconds; `null` where nothing does. */
export function summaryOf(
  x: readonly number[],
  { values, low, high }: Line,
  from: number,
  until: number,
): Summary | null {
  let [least, most, sum, count] = [Infinity, -Infinity, 0, 0];
  for (let index = 0; index < x.length; index++) {
    // One by one: an array for each of thousands of points a second is much to clear up.
    const at = x[index] ?? 0;
    const value = values[index];
    if (value == null || at < from || at > until) continue;
    least = Math.min(least, low?.[index] ?? value);
    most = Math.max(most, high?.[index] ?? value);
    sum += value;
    count += 1;
  }
  return count === 0 ? null : { least, mean: sum / count, most };
}

/** A row of the table that says what the charts show. */
export interface TableRow {
  /** When it begins, in seconds. */
  at: number;
  /** The mean of each line. */
  values: (number | null)[];
}

/** The charts of one time axis as at most `most` rows, the newest first. */
export function tableOf(
  charts: readonly Lines[],
  from: number,
  until: number,
  most: number,
): TableRow[] {
  const lines = charts.flatMap((chart) => chart.lines);
  const x = charts[0]?.x ?? [];
  const step = STEPS.find((it) => (until - from) / it <= most) ?? 86_400;
  const rows = new Map<number, { sum: number; count: number }[]>();
  x.forEach((at, index) => {
    if (at < from || at > until) return;
    const begin = Math.floor(at / step) * step;
    let row = rows.get(begin);
    if (!row) rows.set(begin, (row = lines.map(() => ({ sum: 0, count: 0 }))));
    lines.forEach((line, place) => {
      const value = line.values[index];
      const cell = row[place];
      if (value == null || !cell) return;
      cell.sum += value;
      cell.count += 1;
    });
  });
  return [...rows]
    .map(([at, cells]) => ({
      at,
      values: cells.map(({ sum, count }) => (count === 0 ? null : sum / count)),
    }))
    .filter(({ values }) => values.some((value) => value !== null))
    .sort((a, b) => b.at - a.at);
}

/** How much a row may stand for, in seconds. */
const STEPS = [1, 5, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200];
