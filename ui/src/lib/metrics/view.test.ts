import { describe, expect, it } from "vitest";
import type { HistoryPoint, MetricsHistory, MetricsPoint } from "$lib/api/types";
import { offeredRanges, secondsOf } from "./ranges";
import { History, Series } from "./series";
import { summaryOf, tableOf } from "./summary";
import { historyView, liveView, valuesAt } from "./view";

const START = Date.parse("2026-11-22T14:00:00Z");
const second = START / 1000;

const point = (at: number, more: Partial<MetricsPoint> = {}): MetricsPoint => ({
  at: new Date(START + at * 1000).toISOString(),
  replica: "aaaaa",
  cpu_pct: 40,
  cpu_millicores: 2000,
  memory_used_bytes: 4 * 1024 ** 3,
  memory_total_bytes: 16 * 1024 ** 3,
  rx_bps: 1000,
  tx_bps: 500,
  ...more,
});
const seriesOf = (...points: MetricsPoint[]) => {
  const series = new Series();
  for (const it of points) series.add(it);
  return series;
};
const valuesOf = (view: ReturnType<typeof liveView>) =>
  Object.fromEntries(view.charts.map((chart) => [chart.key, chart.value]));

describe("the live charts", () => {
  it("say the mean of the processors and the sum of the rest over the replicas", () => {
    const series = seriesOf(point(0), point(0, { replica: "bbbbb", cpu_pct: 60 }));
    const view = liveView(series, second + 1, true);
    expect(valuesOf(view)).toEqual({
      cpu: "50 %",
      memory: "8.0 GB",
      network: "2.0 KB/s · 1.0 KB/s",
    });
    expect(view.perColor).toBe(2);
    expect(view.charts[1]?.detail).toBe("of 32 GB");
    expect(view.charts[1]?.max).toBe(16 * 1024 ** 3);
  });

  it("have one for each GPU", () => {
    const gpu = (id: string, used: number) => ({
      id,
      utilization_pct: used,
      memory_used_bytes: 1024 ** 3,
      memory_total_bytes: 16 * 1024 ** 3,
    });
    const series = seriesOf(point(0, { gpus: [gpu("0", 30), gpu("1", 90)] }));
    const view = liveView(series, second, true);
    expect(view.charts.map((chart) => chart.key)).toEqual([
      "cpu",
      "memory",
      "gpu 0",
      "gpu 1",
      "network",
    ]);
    expect(valuesOf(view)["gpu 1"]).toBe("90 %");
    expect(view.charts[2]?.detail).toBe("0 · 1 GB / 16 GB");
  });

  it("say nothing of now when nothing runs, or nothing was reported lately", () => {
    const series = seriesOf(point(0));
    expect(valuesOf(liveView(series, second + 1, false)).cpu).toBe("–");
    const late = liveView(series, second + 20, true);
    expect(valuesOf(late).cpu).toBe("–");
    expect(late.until).toBe(second + 20);
    expect(late.empty).toBe(false);
    expect(liveView(new Series(), second, true).empty).toBe(true);
  });
});

describe("what a chart shows at a moment", () => {
  it("is said of each line that has a value then", () => {
    const view = liveView(seriesOf(point(0), point(1, { rx_bps: null })), second + 1, true);
    const network = view.charts.at(-1);
    if (!network) throw new Error("there is no chart");
    expect(valuesAt(network, second)).toBe("in 1.0 KB/s · out 500 B/s");
    expect(valuesAt(network, second + 1)).toBe("out 500 B/s");
    expect(valuesAt(network, second + 9)).toBe("–");
  });
});

const aggregate = (mean: number, min = mean, max = mean) => ({ mean, min, max });
const kept = (minute: number, more: Partial<HistoryPoint> = {}): HistoryPoint =>
  ({
    at: new Date(START + minute * 60_000).toISOString(),
    samples: 60,
    cpu_pct: aggregate(20, 5, 80),
    memory_used_bytes: aggregate(1024 ** 3),
    memory_total_bytes: 16 * 1024 ** 3,
    rx_bps: aggregate(1000),
    tx_bps: aggregate(200),
    gpus: [],
    ...more,
  }) as HistoryPoint;
const historyOf = (...points: HistoryPoint[]) =>
  new History({
    step_seconds: 60,
    earliest: points[0]?.at ?? null,
    series: [{ replica: "aaaaa", points }],
  } as MetricsHistory);

describe("the charts of what is kept", () => {
  it("say the average and the peak, and keep the two kinds of traffic apart", () => {
    const history = historyOf(kept(0), kept(1, { cpu_pct: aggregate(40, 10, 95) }));
    const view = historyView(history, second, second + 600);
    const [cpu, , network] = view.charts;
    expect(cpu?.value).toBe("30 %");
    expect(cpu?.detail).toContain("at most 95 %");
    expect(network?.value).toBe("1.0 KB/s · 200 B/s");
    expect(view.empty).toBe(false);
  });

  it("are empty where nothing was kept", () => {
    const view = historyView(historyOf(), second, second + 600);
    expect(view.empty).toBe(true);
    expect(view.charts[0]?.value).toBe("–");
  });

  it("have a hole where nothing was kept for more than a step", () => {
    const view = historyView(historyOf(kept(0), kept(1), kept(9)), second, second + 600);
    expect(view.charts[0]?.data.lines[0]?.values).toEqual([20, 20, null, 20]);
  });
});

describe("ranges", () => {
  const ago = (seconds: number) => START - seconds * 1000;
  it("are offered as far as they show more than the shorter one", () => {
    expect(offeredRanges(null, START, "live")).toEqual(["live", "1h"]);
    expect(offeredRanges(ago(2 * 3600), START, "live")).toEqual(["live", "1h", "6h"]);
    expect(offeredRanges(ago(40 * 86_400), START, "live")).toHaveLength(6);
  });

  it("keep the one that was chosen, though there is too little for it", () => {
    expect(offeredRanges(null, START, "7d")).toEqual(["live", "1h", "7d"]);
    expect(secondsOf("7d")).toBe(604_800);
  });
});

describe("a summary", () => {
  const x = [0, 10, 20, 30];
  it("is of what lies in the span, by the least and most where they are known", () => {
    const line = { label: "", values: [99, 10, null, 30] };
    expect(summaryOf(x, line, 5, 30)).toEqual({ least: 10, mean: 20, most: 30 });
    const ranged = { ...line, low: [0, 2, null, 28], high: [100, 12, null, 40] };
    expect(summaryOf(x, ranged, 5, 30)).toEqual({ least: 2, mean: 20, most: 40 });
    expect(summaryOf(x, line, 15, 25)).toBeNull();
  });

  it("as a table has the newest row first, and the mean of each line in it", () => {
    const cpu = { x, lines: [{ label: "", values: [10, 20, null, 40] }] };
    const memory = { x, lines: [{ label: "", values: [1, 2, null, null] }] };
    expect(tableOf([cpu, memory], 0, 30, 2)).toEqual([
      { at: 30, values: [40, null] },
      { at: 0, values: [15, 1.5] },
    ]);
    expect(tableOf([cpu], 0, 30, 60)).toHaveLength(3);
    expect(tableOf([], 0, 30, 60)).toEqual([]);
  });
});
