import type { Aggregate, HistoryPoint, MetricsHistory, MetricsPoint } from "$lib/api/types";

/** How much the live charts show. */
export const WINDOW_S = 15 * 60;

/** One line of a chart. */
export interface Line {
  /** Whose or which it is; empty where there is only one. */
  label: string;
  values: (number | null)[];
  /** The least and the most around each value, where it stands for more than one report. */
  low?: (number | null)[];
  high?: (number | null)[];
}

/** Columns for a chart: seconds since 1970, then one column of values a line. */
export interface Lines {
  x: readonly number[];
  lines: Line[];
}

/** A replica whose newest point is so far behind the newest of all has gone. */
const GONE_S = 15;

/** One thing that is drawn: what to read of a point. */
export type Pick = (point: MetricsPoint) => number | null | undefined;
/** The same of what is kept. */
export type HistoryPick = (point: HistoryPoint) => Aggregate | null | undefined;

/** What a line is called: the replica only where there are several. */
const labelOf = (label: string, replica: string, replicas: number): string =>
  replicas > 1 && replica ? `${label} ${replica}`.trim() : label;

/**
 * The last quarter of an hour of one Space, second by second and replica by replica.
 *
 * Replicas report at different moments of the same second; points are filed under their second, so
 * that the lines of one chart share their time axis.
 */
export class Series {
  readonly #replicas = new Map<string, Map<number, MetricsPoint>>();
  #newest = 0;
  /** The time axis of all charts; made anew when a point came that is not the newest. */
  #x: readonly number[] | null = null;

  get newest(): number {
    return this.#newest;
  }

  /** The replicas that have reported within the window, in a steady order. */
  get replicas(): string[] {
    return [...this.#replicas.keys()].sort();
  }

  /** The newest point of each replica that still reports. */
  latest(): MetricsPoint[] {
    return this.replicas.flatMap((replica) => {
      const points = this.#replicas.get(replica);
      let second = 0;
      for (const at of points?.keys() ?? []) second = Math.max(second, at);
      const newest = points?.get(second);
      return newest && this.#newest - second <= GONE_S ? [newest] : [];
    });
  }

  add(point: MetricsPoint): void {
    const second = Math.floor(new Date(point.at).getTime() / 1000);
    const replica = point.replica ?? "";
    let points = this.#replicas.get(replica);
    if (!points) this.#replicas.set(replica, (points = new Map()));
    if (!points.has(second)) this.#lengthen(second);
    points.set(second, point);
    this.#newest = Math.max(this.#newest, second);
  }

  /** A second more on the time axis, as far as there is one. */
  #lengthen(second: number): void {
    const last = this.#x?.at(-1);
    if (!this.#x || last === undefined || second < last) this.#x = null;
    else if (second > last) {
      this.#x = [...this.#x, ...holesMarked([last, second], HOLE_S).slice(1)];
    }
  }

  /** Forgets what is older than the window, and replicas of which nothing is left. */
  trim(nowSeconds = Date.now() / 1000): void {
    const from = Math.floor(nowSeconds) - WINDOW_S;
    for (const [replica, points] of this.#replicas) {
      for (const second of points.keys()) {
        if (second >= from) continue;
        points.delete(second);
      }
      if (points.size === 0) this.#replicas.delete(replica);
    }
    if (this.#x && (this.#x[0] ?? from) < from) this.#x = this.#x.filter((at) => at >= from);
  }

  /** The columns for a chart of `picks`, one line for each and each replica. */
  columns(picks: { label: string; pick: Pick }[]): Lines {
    const x = (this.#x ??= this.#times());
    const replicas = this.replicas;
    const lines = picks.flatMap(({ label, pick }) =>
      replicas.map((replica) => {
        const points = this.#replicas.get(replica);
        return {
          label: labelOf(label, replica, replicas.length),
          values: x.map((second) => {
            const point = points?.get(second);
            return point ? (pick(point) ?? null) : null;
          }),
        };
      }),
    );
    return { x, lines };
  }

  #times(): number[] {
    const seconds = new Set<number>();
    for (const points of this.#replicas.values()) {
      for (const second of points.keys()) seconds.add(second);
    }
    return holesMarked(
      [...seconds].sort((a, b) => a - b),
      HOLE_S,
    );
  }
}

/** What is kept of one Space, as columns for charts. */
export class History {
  readonly #series: { replica: string; points: Map<number, HistoryPoint> }[];
  readonly #x: number[];
  /** For how long each point stands, in seconds. */
  readonly step: number;
  /** When the oldest that is kept was reported, in milliseconds. */
  readonly earliest: number | null;

  constructor(history: MetricsHistory) {
    this.step = history.step_seconds;
    this.earliest = history.earliest ? Date.parse(history.earliest) : null;
    this.#series = history.series.map(({ replica, points }) => ({
      replica,
      points: new Map(points.map((point) => [Date.parse(point.at) / 1000, point])),
    }));
    const seconds = new Set(this.#series.flatMap(({ points }) => [...points.keys()]));
    this.#x = holesMarked(
      [...seconds].sort((a, b) => a - b),
      this.step * 1.5,
    );
  }

  get replicas(): string[] {
    return this.#series.map(({ replica }) => replica);
  }

  get points(): HistoryPoint[] {
    return this.#series.flatMap(({ points }) => [...points.values()]);
  }

  columns(picks: { label: string; pick: HistoryPick }[]): Lines {
    const x = this.#x;
    const lines = picks.flatMap(({ label, pick }) =>
      this.#series.map(({ replica, points }) => {
        const found = x.map((second) => {
          const point = points.get(second);
          return point ? (pick(point) ?? null) : null;
        });
        return {
          label: labelOf(label, replica, this.#series.length),
          values: found.map((it) => it?.mean ?? null),
          low: found.map((it) => it?.min ?? null),
          high: found.map((it) => it?.max ?? null),
        };
      }),
    );
    return { x, lines };
  }
}

/** A silence longer than this is drawn as a hole in the line, not as a bridge over it. */
const HOLE_S = 5;

/** Puts a moment without any point into each silence, which the chart draws as a hole. */
function holesMarked(seconds: readonly number[], hole: number): number[] {
  const marked: number[] = [];
  for (const second of seconds) {
    const before = marked.at(-1);
    if (before !== undefined && second - before > hole) marked.push(before + 1);
    marked.push(second);
  }
  return marked;
}
