import { createContext } from "svelte";
import type { ApiEvent, MetricsPoint } from "$lib/api/types";

/** How many seconds a row's sparkline shows. */
export const SPARK_LENGTH = 60;
/** A replica that has not reported for so long has gone. */
const GONE_MS = 15_000;

/** The newest numbers of one Space over all its replicas. */
export interface SpaceUse {
  /** Percent, the mean over the replicas. */
  cpu: number | null;
  /** Bytes, summed. */
  memoryUsed: number | null;
  memoryTotal: number | null;
  /** Bytes a second, summed. */
  rx: number | null;
  tx: number | null;
  replicas: number;
  /** The last processor percentages, oldest first. */
  cpuHistory: readonly number[];
}

interface Entry {
  replicas: Map<string, { point: MetricsPoint; at: number }>;
  /** It grows in place: a thousand copies a second would keep the browser busy clearing up. */
  cpuHistory: number[];
  use: SpaceUse | null;
  dirty: boolean;
}

/**
 * The newest metrics of every watched Space.
 *
 * Points are put into plain maps as they come, and become visible together once a second, so that
 * a thousand Spaces that report each second cost one update of what is on screen.
 */
export class MetricsState {
  readonly #entries = new Map<string, Entry>();
  readonly #followers = new Map<string, Set<(point: MetricsPoint) => void>>();
  #tick = $state(0);
  #dirty = false;

  /** What a Space uses; `null` when nothing has been reported lately. */
  of(space: string): SpaceUse | null {
    void this.#tick;
    return this.#entries.get(space)?.use ?? null;
  }

  apply(event: ApiEvent): void {
    if (event.type === "metrics") this.add(event.data.space, event.data.point);
    else if (event.type === "space_removed") this.#entries.delete(event.data.id);
    else if (event.type === "stage_changed") this.#dirty = true;
  }

  /** Hands every point of a Space to `follower` as it comes. Returns what ends that. */
  follow(space: string, follower: (point: MetricsPoint) => void): () => void {
    const followers = this.#followers.get(space) ?? new Set();
    this.#followers.set(space, followers.add(follower));
    return () => {
      followers.delete(follower);
    };
  }

  add(space: string, point: MetricsPoint, at = Date.now()): void {
    let entry = this.#entries.get(space);
    if (!entry) {
      entry = { replicas: new Map(), cpuHistory: [], use: null, dirty: false };
      this.#entries.set(space, entry);
    }
    entry.replicas.set(point.replica ?? "", { point, at });
    for (const follower of this.#followers.get(space) ?? []) follower(point);
    entry.dirty = true;
    this.#dirty = true;
  }

  /** Makes what came since the last flush visible. */
  flush(at = Date.now()): void {
    for (const entry of this.#entries.values()) {
      for (const [replica, last] of entry.replicas) {
        if (at - last.at > GONE_MS) {
          entry.replicas.delete(replica);
          entry.dirty = true;
        }
      }
      if (!entry.dirty) continue;
      entry.dirty = false;
      this.#dirty = true;
      entry.use = summarise(entry);
    }
    if (this.#dirty) {
      this.#dirty = false;
      this.#tick += 1;
    }
  }

  /** Flushes once a second. Returns what stops it. */
  start(): () => void {
    const timer = setInterval(() => this.flush(), 1000);
    return () => clearInterval(timer);
  }
}

function summarise({ replicas, cpuHistory }: Entry): SpaceUse | null {
  if (replicas.size === 0) {
    cpuHistory.length = 0;
    return null;
  }
  const use: SpaceUse = {
    cpu: null,
    memoryUsed: null,
    memoryTotal: null,
    rx: null,
    tx: null,
    replicas: replicas.size,
    cpuHistory,
  };
  let processors = 0;
  for (const { point } of replicas.values()) {
    if (point.cpu_pct != null) {
      use.cpu = (use.cpu ?? 0) + point.cpu_pct;
      processors += 1;
    }
    use.memoryUsed = plus(use.memoryUsed, point.memory_used_bytes);
    use.memoryTotal = plus(use.memoryTotal, point.memory_total_bytes);
    use.rx = plus(use.rx, point.rx_bps);
    use.tx = plus(use.tx, point.tx_bps);
  }
  if (use.cpu !== null) {
    use.cpu /= processors;
    cpuHistory.push(use.cpu);
    if (cpuHistory.length > SPARK_LENGTH) cpuHistory.shift();
  }
  return use;
}

const plus = (sum: number | null, value: number | null | undefined): number | null =>
  value == null ? sum : (sum ?? 0) + value;

export const [getMetrics, setMetrics] = createContext<MetricsState>();
