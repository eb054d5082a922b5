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

/** What one line of a live chart shows. */
export interface LivePick {
  /** No other line has it. */
  key: string;
  label: string;
  pick: Pick;
}

/** A replica reports a second at most so much later than another. */
const LATE_S = 3;
/** As many values at the end of a column may have changed since it was made: late ones, and holes. */
const UNSETTLED = 2 * LATE_S + 2;

/**
 * The last quarter of an hour of one Space, second by second and replica by replica.
 *
 * Replicas report at different moments of the same second; points are filed under their second, so
 * that the lines of one chart share their time axis. What was handed out grows in place: columns that
 * are made anew each second are most of what the browser would have to clear up.
 */
export class Series {
  readonly #replicas = new Map<string, { points: Map<number, MetricsPoint>; newest: number }>();
  #newest = 0;
  /** The time axis of all charts; made anew when a point came late, or for a second of its own. */
  #x: number[] | null = null;
  /** What comes after it, once columns are asked for that reach as far. */
  #ahead: number[] = [];
  readonly #columns = new Map<string, (number | null)[]>();

  get newest(): number {
    return this.#newest;
  }

  /** The replicas that have reported within the window, in a steady order. */
  get replicas(): string[] {
    return [...this.#replicas.keys()].sort();
  }

  /** The newest point of each replica that still reports. */
  latest(): MetricsPoint[] {
    return this.replicas.flatMap((name) => {
      const replica = this.#replicas.get(name);
      const newest = replica?.points.get(replica.newest);
      return replica && newest && this.#newest - replica.newest <= GONE_S ? [newest] : [];
    });
  }

  add(point: MetricsPoint): void {
    const second = Math.floor(new Date(point.at).getTime() / 1000);
    const name = point.replica ?? "";
    let replica = this.#replicas.get(name);
    if (!replica) this.#replicas.set(name, (replica = { points: new Map(), newest: second }));
    if (second < this.#newest - LATE_S) this.#forgetColumns();
    else if (!replica.points.has(second)) this.#lengthen(second);
    replica.points.set(second, point);
    replica.newest = Math.max(replica.newest, second);
    this.#newest = Math.max(this.#newest, second);
  }

  /** A second more on the time axis, as far as there is one. */
  #lengthen(second: number): void {
    const last = this.#ahead.at(-1) ?? this.#x?.at(-1);
    const unseen = this.#ahead.length > WINDOW_S; // Nobody has looked for long.
    if (!this.#x || last === undefined || unseen) this.#forgetColumns();
    else if (second > last) this.#ahead.push(...holesMarked([last, second], HOLE_S).slice(1));
    else if (!this.#ahead.includes(second) && !this.#x.includes(second, -UNSETTLED)) {
      this.#forgetColumns();
    }
  }

  #forgetColumns(): void {
    this.#x = null;
    this.#ahead = [];
    this.#columns.clear();
  }

  #axis(): number[] {
    this.#x ??= this.#times();
    this.#x.push(...this.#ahead);
    this.#ahead = [];
    return this.#x;
  }

  /** Forgets what is older than the window, and replicas of which nothing is left. */
  trim(nowSeconds = Date.now() / 1000): void {
    const from = Math.floor(nowSeconds) - WINDOW_S;
    const x = this.#axis();
    const kept = x.findIndex((second) => second >= from);
    const gone = x.splice(0, kept < 0 ? x.length : kept);
    if (gone.length === 0) return;
    for (const values of this.#columns.values()) values.splice(0, gone.length);
    for (const [name, { points }] of this.#replicas) {
      for (const second of gone) points.delete(second);
      if (points.size > 0) continue;
      this.#replicas.delete(name);
      this.#columns.clear();
    }
  }

  /** The columns for a chart of `picks`, one line for each and each replica; they go on growing. */
  columns(picks: LivePick[]): Lines {
    const x = this.#axis();
    const replicas = this.replicas;
    const lines = picks.flatMap(({ key, label, pick }) =>
      replicas.map((replica) => ({
        label: labelOf(label, replica, replicas.length),
        values: this.#column(x, `${key} ${replica}`, replica, pick),
      })),
    );
    return { x, lines };
  }

  #column(x: readonly number[], name: string, replica: string, pick: Pick): (number | null)[] {
    let values = this.#columns.get(name);
    if (!values) this.#columns.set(name, (values = []));
    const points = this.#replicas.get(replica)?.points;
    values.length = Math.max(0, values.length - UNSETTLED);
    for (let index = values.length; index < x.length; index++) {
      const point = points?.get(x[index] ?? 0);
      values.push(point ? (pick(point) ?? null) : null);
    }
    return values;
  }

  #times(): number[] {
    const seconds = new Set<number>();
    for (const { points } of this.#replicas.values()) {
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
