import type { MetricsPoint } from "$lib/api/types";

/** A replica that has not reported for so long has gone. */
const GONE_MS = 15_000;

/** What is told of a Space, and which of its numbers tells it. */
export const AT = { space: 0, replicas: 1, cpu: 2, memoryUsed: 3, memoryTotal: 4, rx: 5, tx: 6 };
/** How many numbers a Space has. */
export const USE_WIDTH = Object.keys(AT).length;

/** What some Spaces use now, packed: a thousand objects a second would keep the page clearing up. */
export interface Uses {
  /** The Spaces that have not been told of before; the first is called by the next number. */
  names: string[];
  /**
   * For each Space, in the order of {@link AT}: its number, how many replicas report, processor in
   * percent, memory in bytes, network in bytes a second. NaN where the Hub gives no number.
   */
  numbers: Float64Array;
}

interface Entry {
  number: number;
  replicas: Map<string, { point: MetricsPoint; at: number }>;
}

/** What each Space uses over all its replicas, by what they report. */
export class UseBook {
  readonly #entries = new Map<string, Entry>();
  readonly #changed = new Set<Entry>();
  #names: string[] = [];
  #count = 0;

  /** Takes what a replica reports. `at` is when it came, in milliseconds. */
  add(space: string, point: MetricsPoint, at: number): void {
    let entry = this.#entries.get(space);
    if (!entry) {
      entry = { number: this.#count++, replicas: new Map() };
      this.#entries.set(space, entry);
      this.#names.push(space);
    }
    entry.replicas.set(point.replica ?? "", { point, at });
    this.#changed.add(entry);
  }

  /** Forgets a Space. If it reports again it is another one, with a number of its own. */
  remove(space: string): void {
    const entry = this.#entries.get(space);
    if (!entry) return;
    this.#entries.delete(space);
    entry.replicas.clear();
    this.#changed.add(entry);
  }

  /** Returns what has changed since it was last asked; `null` when nothing has. */
  take(at: number): Uses | null {
    for (const entry of this.#entries.values()) {
      for (const [replica, last] of entry.replicas) {
        if (at - last.at <= GONE_MS) continue;
        entry.replicas.delete(replica);
        this.#changed.add(entry);
      }
    }
    if (this.#changed.size === 0) return null;
    const numbers = new Float64Array(this.#changed.size * USE_WIDTH);
    let offset = 0;
    for (const entry of this.#changed) {
      write(entry, numbers, offset);
      offset += USE_WIDTH;
    }
    const names = this.#names;
    this.#names = [];
    this.#changed.clear();
    return { names, numbers };
  }
}

/** The mean of the processors, and the sum of everything else. */
function write({ number, replicas }: Entry, numbers: Float64Array, offset: number): void {
  numbers.fill(NaN, offset, offset + USE_WIDTH);
  numbers[offset + AT.space] = number;
  numbers[offset + AT.replicas] = replicas.size;
  const add = (place: number, value: number | null | undefined, share = 1) => {
    if (value == null) return;
    const sum = numbers[offset + place] ?? NaN;
    numbers[offset + place] = (Number.isNaN(sum) ? 0 : sum) + value / share;
  };
  let processors = 0;
  for (const { point } of replicas.values()) if (point.cpu_pct != null) processors += 1;
  for (const { point } of replicas.values()) {
    add(AT.cpu, point.cpu_pct, processors);
    add(AT.memoryUsed, point.memory_used_bytes);
    add(AT.memoryTotal, point.memory_total_bytes);
    add(AT.rx, point.rx_bps);
    add(AT.tx, point.tx_bps);
  }
}
