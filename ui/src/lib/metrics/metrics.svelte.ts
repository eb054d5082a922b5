import { createContext } from "svelte";
import type { ApiEvent } from "$lib/api/types";
import { AT, USE_WIDTH, type Uses } from "./uses";

/** How many seconds a row's sparkline shows. */
export const SPARK_LENGTH = 60;

/** How long after a key somebody is still typing, in milliseconds. */
const TYPING_MS = 150;
/** For so many of these at most, about a second, numbers wait for somebody who types. */
const PATIENCE = 7;

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
  /** Where its newest numbers are, and where those are that it shows. */
  newest: Float64Array;
  newestAt: number;
  shown: Float64Array;
  shownAt: number;
  /** What it shows, made when somebody looks; `undefined` until then. */
  use: SpaceUse | null | undefined;
  /** It grows in place: a thousand copies a second would keep the browser busy clearing up. */
  cpuHistory: number[];
  fresh: boolean;
}

const NOTHING = new Float64Array(USE_WIDTH);

/**
 * The newest metrics of every watched Space.
 *
 * Numbers are taken as they come, and become visible together once a second, so that a thousand
 * Spaces that report each second cost one update of what is on screen.
 */
export class MetricsState {
  readonly #entries = new Map<string, Entry>();
  /** By the numbers that their uses go by. */
  #numbered: Entry[] = [];
  #fresh: Entry[] = [];
  #tick = $state(0);
  #dirty = false;

  /** What a Space uses; `null` when nothing has been reported lately. */
  of(space: string): SpaceUse | null {
    void this.#tick;
    const entry = this.#entries.get(space);
    if (!entry) return null;
    if (entry.use === undefined) entry.use = useOf(entry);
    return entry.use;
  }

  apply(event: ApiEvent): void {
    if (event.type === "stage_changed") this.#dirty = true;
    if (event.type !== "space_removed") return;
    const entry = this.#entries.get(event.data.id);
    if (!entry) return;
    // Its number stays known: what it reports if it comes back may have been told already.
    [entry.shown, entry.shownAt, entry.use] = [NOTHING, 0, null];
    entry.cpuHistory.length = 0;
  }

  /** Whoever tells uses begins to count from nothing. */
  begin(): void {
    this.#numbered = [];
    // Nobody will say of these that they have gone silent.
    for (const entry of this.#entries.values()) this.#put(entry, NOTHING, 0);
  }

  take({ names, numbers }: Uses): void {
    for (const space of names) {
      const entry = this.#entries.get(space) ?? {
        newest: NOTHING,
        newestAt: 0,
        shown: NOTHING,
        shownAt: 0,
        use: undefined,
        cpuHistory: [],
        fresh: false,
      };
      this.#entries.set(space, entry);
      this.#numbered.push(entry);
    }
    for (let at = 0; at < numbers.length; at += USE_WIDTH) {
      const entry = this.#numbered[numbers[at + AT.space] ?? -1];
      if (entry) this.#put(entry, numbers, at);
    }
  }

  #put(entry: Entry, numbers: Float64Array, at: number): void {
    entry.newest = numbers;
    entry.newestAt = at;
    if (entry.fresh) return;
    entry.fresh = true;
    this.#fresh.push(entry);
  }

  /** Makes what came since the last flush visible. */
  flush(): void {
    for (const entry of this.#fresh) {
      entry.fresh = false;
      entry.shown = entry.newest;
      entry.shownAt = entry.newestAt;
      entry.use = undefined;
      const { cpuHistory } = entry;
      const cpu = entry.shown[entry.shownAt + AT.cpu] ?? NaN;
      if (!entry.shown[entry.shownAt + AT.replicas]) cpuHistory.length = 0;
      else if (!Number.isNaN(cpu) && cpuHistory.push(cpu) > SPARK_LENGTH) cpuHistory.shift();
    }
    if (this.#fresh.length === 0 && !this.#dirty) return;
    this.#fresh = [];
    this.#dirty = false;
    this.#tick += 1;
  }

  /**
   * Flushes once a second, a little later while somebody types: a key comes first.
   *
   * @param page What hears all keys.
   * @returns What stops it.
   */
  start(page: EventTarget = document): () => void {
    let typedAt = -Infinity;
    const hear = () => (typedAt = performance.now());
    page.addEventListener("keydown", hear, { capture: true });
    let later: ReturnType<typeof setTimeout> | undefined;
    const attempt = (left: number) => {
      later = undefined;
      if (left > 0 && performance.now() - typedAt < TYPING_MS)
        later = setTimeout(() => attempt(left - 1), TYPING_MS);
      else this.flush();
    };
    const timer = setInterval(() => {
      // Where timers come late, the one before may still be waiting.
      if (later === undefined) attempt(PATIENCE);
    }, 1000);
    return () => {
      clearInterval(timer);
      clearTimeout(later);
      page.removeEventListener("keydown", hear, { capture: true });
    };
  }
}

function useOf({ shown, shownAt, cpuHistory }: Entry): SpaceUse | null {
  const read = (place: number): number | null => {
    const value = shown[shownAt + place] ?? NaN;
    return Number.isNaN(value) ? null : value;
  };
  const replicas = read(AT.replicas) ?? 0;
  if (replicas === 0) return null;
  return {
    cpu: read(AT.cpu),
    memoryUsed: read(AT.memoryUsed),
    memoryTotal: read(AT.memoryTotal),
    rx: read(AT.rx),
    tx: read(AT.tx),
    replicas,
    cpuHistory,
  };
}

export const [getMetrics, setMetrics] = createContext<MetricsState>();
