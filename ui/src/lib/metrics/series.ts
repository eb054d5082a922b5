import type { MetricsPoint } from "$lib/api/types";

/** How much the live charts show. */
export const WINDOW_S = 15 * 60;

/** Columns for a chart: seconds since 1970, then one column of values a line. */
export interface Lines {
  x: number[];
  lines: { label: string; values: (number | null)[] }[];
}

/** A replica whose newest point is so far behind the newest of all has gone. */
const GONE_S = 15;

/** One thing that is drawn: what to read of a point. */
export type Pick = (point: MetricsPoint) => number | null | undefined;

/**
 * The last quarter of an hour of one Space, second by second and replica by replica.
 *
 * Replicas report at different moments of the same second; points are filed under their second, so
 * that the lines of one chart share their time axis.
 */
export class Series {
  readonly #replicas = new Map<string, Map<number, MetricsPoint>>();
  #newest = 0;

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
      const second = points ? Math.max(...points.keys()) : 0;
      const newest = points?.get(second);
      return newest && this.#newest - second <= GONE_S ? [newest] : [];
    });
  }

  add(point: MetricsPoint): void {
    const second = Math.floor(new Date(point.at).getTime() / 1000);
    const replica = point.replica ?? "";
    let points = this.#replicas.get(replica);
    if (!points) this.#replicas.set(replica, (points = new Map()));
    points.set(second, point);
    this.#newest = Math.max(this.#newest, second);
  }

  /** Forgets what is older than the window, and replicas of which nothing is left. */
  trim(nowSeconds = Date.now() / 1000): void {
    const from = Math.floor(nowSeconds) - WINDOW_S;
    for (const [replica, points] of this.#replicas) {
      for (const second of points.keys()) {
        if (second < from) points.delete(second);
      }
      if (points.size === 0) this.#replicas.delete(replica);
    }
  }

  /** The columns for a chart of `picks`, one line for each and each replica. */
  columns(picks: { label: string; pick: Pick }[]): Lines {
    const seconds = new Set<number>();
    for (const points of this.#replicas.values()) {
      for (const second of points.keys()) seconds.add(second);
    }
    const x = holesMarked([...seconds].sort((a, b) => a - b));
    const replicas = this.replicas;
    const lines = picks.flatMap(({ label, pick }) =>
      replicas.map((replica) => {
        const points = this.#replicas.get(replica);
        return {
          label: replicas.length > 1 && replica ? `${label} ${replica}`.trim() : label,
          values: x.map((second) => {
            const point = points?.get(second);
            return point ? (pick(point) ?? null) : null;
          }),
        };
      }),
    );
    return { x, lines };
  }
}

/** A silence longer than this is drawn as a hole in the line, not as a bridge over it. */
const HOLE_S = 5;

/** Puts a second without any point into each silence, which the chart draws as a hole. */
function holesMarked(seconds: number[]): number[] {
  const marked: number[] = [];
  for (const second of seconds) {
    const before = marked.at(-1);
    if (before !== undefined && second - before > HOLE_S) marked.push(before + 1);
    marked.push(second);
  }
  return marked;
}
