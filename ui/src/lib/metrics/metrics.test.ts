import { describe, expect, it, vi } from "vitest";
import type { MetricsPoint } from "$lib/api/types";
import { MetricsState, SPARK_LENGTH } from "./metrics.svelte";
import { Series, WINDOW_S } from "./series";
import { UseBook } from "./uses";

const START = new Date("2026-11-22T14:00:00Z").getTime();

const point = (second: number, cpu: number | null, replica = "aaaaa"): MetricsPoint => ({
  at: new Date(START + second * 1000).toISOString(),
  replica,
  cpu_pct: cpu,
  cpu_millicores: 2000,
  memory_used_bytes: 1_000_000_000,
  memory_total_bytes: 16_000_000_000,
  rx_bps: 100,
  tx_bps: 50,
});

/** What is told of one Space by its replicas. */
function told(book: UseBook, metrics: MetricsState, at: number): void {
  const uses = book.take(at);
  if (uses) metrics.take(uses);
}

describe("the numbers of a row", () => {
  it("are the mean of the processors and the sum of the rest over the replicas", () => {
    const [book, metrics] = [new UseBook(), new MetricsState()];
    book.add("a/b", point(0, 20), START);
    book.add("a/b", point(0, 60, "bbbbb"), START);
    told(book, metrics, START);
    metrics.flush();
    expect(metrics.of("a/b")).toMatchObject({
      cpu: 40,
      memoryUsed: 2_000_000_000,
      memoryTotal: 32_000_000_000,
      rx: 200,
      tx: 100,
      replicas: 2,
    });
  });

  it("are shown once a second, not with every point", () => {
    const [book, metrics] = [new UseBook(), new MetricsState()];
    book.add("a/b", point(0, 20), START);
    told(book, metrics, START);
    expect(metrics.of("a/b")).toBeNull();
    metrics.flush();
    book.add("a/b", point(1, 90), START + 500);
    told(book, metrics, START + 500);
    expect(metrics.of("a/b")?.cpu).toBe(20);
    metrics.flush();
    expect(metrics.of("a/b")).toMatchObject({ cpu: 90, cpuHistory: [20, 90] });
  });

  it("wait for somebody who types, and not for ever", () => {
    vi.useFakeTimers();
    const [book, metrics, page] = [new UseBook(), new MetricsState(), new EventTarget()];
    const stop = metrics.start(page);
    const shows = (after: number) => {
      vi.advanceTimersByTime(after);
      return metrics.of("a/b")?.cpu ?? null;
    };
    const type = () => page.dispatchEvent(new Event("keydown"));
    try {
      book.add("a/b", point(0, 20), START);
      told(book, metrics, START);
      expect(shows(950)).toBeNull();
      type();
      expect(shows(100)).toBeNull();
      expect(shows(100)).toBe(20);
      book.add("a/b", point(1, 30), START);
      told(book, metrics, START);
      const shown: (number | null)[] = [];
      for (let n = 0; n < 30; n++) {
        type();
        shown.push(shows(100));
      }
      // At 1150 ms the first is typed; the flush of 2000 ms waits until 3050 ms.
      expect(shown.indexOf(30)).toBe(18);
    } finally {
      stop();
      vi.useRealTimers();
    }
  });

  it("forget a replica that does not report any more, and then the Space", () => {
    const [book, metrics] = [new UseBook(), new MetricsState()];
    book.add("a/b", point(0, 20), START);
    book.add("a/b", point(0, 60, "bbbbb"), START + 10_000);
    told(book, metrics, START + 16_000);
    metrics.flush();
    expect(metrics.of("a/b")).toMatchObject({ cpu: 60, replicas: 1 });
    told(book, metrics, START + 30_000);
    metrics.flush();
    expect(metrics.of("a/b")).toBeNull();
    expect(book.take(START + 60_000)).toBeNull();
  });

  it("begin anew with a Space that was removed, and is there again", () => {
    const [book, metrics] = [new UseBook(), new MetricsState()];
    book.add("a/b", point(0, 20), START);
    told(book, metrics, START);
    metrics.flush();
    metrics.apply({ type: "space_removed", data: { id: "a/b" } });
    book.remove("a/b");
    told(book, metrics, START + 1000);
    expect(metrics.of("a/b")).toBeNull();
    book.add("a/b", point(2, 70), START + 2000);
    told(book, metrics, START + 2000);
    metrics.flush();
    expect(metrics.of("a/b")).toMatchObject({ cpu: 70, cpuHistory: [70] });
  });

  it("begin anew with a Space that came back before its end was told", () => {
    const [book, metrics] = [new UseBook(), new MetricsState()];
    book.add("a/b", point(0, 20), START);
    told(book, metrics, START);
    metrics.flush();
    book.remove("a/b");
    book.add("a/b", point(1, 70), START + 1000);
    told(book, metrics, START + 1000);
    metrics.apply({ type: "space_removed", data: { id: "a/b" } });
    expect(metrics.of("a/b")).toBeNull();
    metrics.flush();
    expect(metrics.of("a/b")).toMatchObject({ cpu: 70, cpuHistory: [70] });
  });

  it("are of the Space that they belong to, and gone, when another book begins", () => {
    const metrics = new MetricsState();
    for (const [space, cpu] of [["a/b", 1] as const, ["c/d", 2] as const]) {
      const book = new UseBook();
      metrics.begin();
      book.add(space, point(0, cpu), START);
      told(book, metrics, START);
      metrics.flush();
    }
    expect(metrics.of("a/b")).toBeNull();
    expect(metrics.of("c/d")?.cpu).toBe(2);
  });

  it("keep a sparkline of bounded length, the newest last", () => {
    const [book, metrics] = [new UseBook(), new MetricsState()];
    for (let second = 0; second < SPARK_LENGTH + 20; second++) {
      book.add("a/b", point(second, second), START + second * 1000);
      told(book, metrics, START + second * 1000);
      metrics.flush();
    }
    const history = metrics.of("a/b")?.cpuHistory ?? [];
    expect(history).toHaveLength(SPARK_LENGTH);
    expect(history.at(-1)).toBe(SPARK_LENGTH + 19);
  });

  it("stay away where the Hub gives no number", () => {
    const [book, metrics] = [new UseBook(), new MetricsState()];
    book.add("a/b", point(0, null), START);
    told(book, metrics, START);
    metrics.flush();
    expect(metrics.of("a/b")).toMatchObject({ cpu: null, rx: 100, cpuHistory: [] });
  });
});

describe("the columns of a chart", () => {
  const cpu = { key: "cpu", label: "", pick: (it: MetricsPoint) => it.cpu_pct };

  it("put replicas that report in the same second into the same row", () => {
    const series = new Series();
    series.add(point(1, 10));
    series.add({ ...point(1.4, 30, "bbbbb") });
    series.add(point(2, 20));
    expect(series.columns([cpu])).toEqual({
      x: [START / 1000 + 1, START / 1000 + 2],
      lines: [
        { label: "aaaaa", values: [10, 20] },
        { label: "bbbbb", values: [30, null] },
      ],
    });
  });

  it("leave a hole where nothing was reported for a while", () => {
    const series = new Series();
    series.add(point(0, 10));
    series.add(point(60, 20));
    expect(series.columns([cpu]).lines[0]?.values).toEqual([10, null, 20]);
  });

  it("take history that arrives after newer points", () => {
    const series = new Series();
    series.add(point(2, 30));
    series.add(point(1, 20));
    expect(series.columns([cpu]).lines[0]?.values).toEqual([20, 30]);
    expect(series.latest()[0]?.cpu_pct).toBe(30);
  });

  it("are the same whether they grow or are made at once", () => {
    const grown = new Series();
    const seconds = [3, 1, 4, 4, 9, 60, 61, 50, 90, 91, WINDOW_S + 2, WINDOW_S + 20];
    seconds.forEach((second, index) => {
      const whole = new Series();
      const trimmed = START / 1000 + Math.max(...seconds.slice(0, index + 1));
      for (const it of seconds.slice(0, index + 1)) whole.add(point(it, it));
      grown.add(point(second, second));
      for (const series of [whole, grown]) series.trim(trimmed);
      expect(grown.columns([cpu])).toEqual(whole.columns([cpu]));
    });
  });

  it("are the same for replicas that report one after the other, late, twice and not at all", () => {
    const reports = Array.from({ length: 400 }, (_, n) => {
      const replica = ["aaaaa", "bbbbb", "ccccc"][n % 3] ?? "";
      const late = [0, 1, 3, 0, 9, 0, 2][n % 7] ?? 0;
      return point(Math.floor(n * 4.1) + (n > 200 ? 60 : 0) - late, n, replica);
    });
    const grown = new Series();
    for (const [n, report] of reports.entries()) {
      grown.add(report);
      if (n % 4 === 0) grown.columns([cpu]);
      if (n % 50 !== 0) continue;
      const now = START / 1000 + n * 4.1 + 60;
      const made = new Series();
      for (const it of reports.slice(0, n + 1)) made.add(it);
      for (const series of [grown, made]) series.trim(now);
      expect(grown.columns([cpu])).toEqual(made.columns([cpu]));
      expect(grown.latest()).toEqual(made.latest());
    }
  });

  it("keep the line of a replica that has gone, but not its numbers", () => {
    const series = new Series();
    series.add(point(0, 80, "bbbbb"));
    series.add(point(15, 10));
    expect(series.latest().map((it) => it.replica)).toEqual(["aaaaa", "bbbbb"]);
    series.add(point(16, 20));
    expect(series.latest().map((it) => it.cpu_pct)).toEqual([20]);
    expect(series.columns([cpu]).lines.map((it) => it.label)).toEqual(["aaaaa", "bbbbb"]);
  });

  it("forget what is older than the window", () => {
    const series = new Series();
    series.add(point(0, 10));
    series.add(point(WINDOW_S + 5, 20));
    series.trim(START / 1000 + WINDOW_S + 6);
    expect(series.columns([cpu]).x).toEqual([START / 1000 + WINDOW_S + 5]);
  });
});
