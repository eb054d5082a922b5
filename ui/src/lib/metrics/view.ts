import type { HistoryPoint, MetricsPoint } from "$lib/api/types";
import { memory as memoryText, percent, rate, traffic } from "$lib/format/number";
import * as m from "$lib/paraglide/messages";
import type { History, HistoryPick, Lines, Pick, Series } from "./series";
import { summaryOf } from "./summary";

/** What one chart shows. */
export interface ChartView {
  key: string;
  title: string;
  /** Beside the title: of how much, which one. */
  detail: string;
  /** The newest value, or the average of what is kept; large. */
  value: string;
  data: Lines;
  /** CSS variables, one for each kind of line. */
  colors: string[];
  /** The end of the scale; it grows with the data where there is none. */
  max?: number;
  /** A value in words. */
  format: (value: number) => string;
  /** The same for the scale, shorter. */
  axis: (value: number) => string;
}

/** All charts of a Space, over one time axis. */
export interface ChartsView {
  charts: ChartView[];
  /** How many lines share a colour: the number of replicas. */
  perColor: number;
  /** The newest moment, in seconds. */
  until: number;
  empty: boolean;
}

const shorter = (text: (value: number) => string) => (value: number) =>
  value === 0 ? "0" : text(value).replace(/\.0(?= )/, "");
const short = shorter(memoryText);
const shortTraffic = shorter(traffic);

const FORMS = {
  cpu: { title: m.cpu, colors: ["--cpu"], format: percent, axis: percent },
  memory: { title: m.memory, colors: ["--mem"], format: short, axis: short },
  gpu: { title: m.gpu, colors: ["--gpu"], format: percent, axis: percent },
  network: { title: m.network, colors: ["--rx", "--tx"], format: rate, axis: shortTraffic },
};

interface Drawn {
  key: string;
  form: keyof typeof FORMS;
  detail?: (string | null)[];
  value: string;
  data: Lines;
  max?: number;
}

const chartOf = ({ key, form, detail = [], value, data, max }: Drawn): ChartView => ({
  key,
  title: FORMS[form].title(),
  colors: FORMS[form].colors,
  format: FORMS[form].format,
  axis: FORMS[form].axis,
  detail: detail.filter((it) => it !== null && it !== "").join(" · "),
  value,
  data,
  max,
});

/** What a chart shows at the moment of a report, in words. */
export function valuesAt({ data, format }: ChartView, moment: number): string {
  const index = data.x.indexOf(moment);
  const values = data.lines.flatMap(({ label, values }) => {
    const value = values[index];
    return value == null ? [] : [label ? `${label} ${format(value)}` : format(value)];
  });
  return values.length === 0 ? "–" : values.join(" · ");
}

const numbers = (points: readonly MetricsPoint[], pick: Pick): number[] =>
  points.map(pick).filter((it): it is number => it != null);
const sumOf = (points: readonly MetricsPoint[], pick: Pick): number | null => {
  const values = numbers(points, pick);
  return values.length === 0 ? null : values.reduce((total, it) => total + it, 0);
};
const meanOf = (points: readonly MetricsPoint[], pick: Pick): number | null => {
  const sum = sumOf(points, pick);
  return sum === null ? null : sum / numbers(points, pick).length;
};
const said = (value: number | null, format: (value: number) => string) =>
  value === null ? "–" : format(value);

/** A report older than this says nothing of now. */
const FRESH_S = 15;

/** What streams in. `now` is in seconds; `runs` tells whether anything may report. */
export function liveView(series: Series, now: number, runs: boolean): ChartsView {
  const fresh = now - series.newest < FRESH_S;
  const reporting = series.latest();
  const latest = fresh && runs ? reporting : [];
  const gpus = [...new Set(reporting.flatMap((it) => it.gpus?.map((gpu) => gpu.id) ?? []))];
  const limit = Math.max(0, ...reporting.map((it) => it.memory_total_bytes ?? 0));
  const millicores = meanOf(reporting, (it) => it.cpu_millicores);
  const cpu: Pick = (it) => it.cpu_pct;
  const memory: Pick = (it) => it.memory_used_bytes;
  const rx: Pick = (it) => it.rx_bps;
  const tx: Pick = (it) => it.tx_bps;
  const charts = [
    chartOf({
      key: "cpu",
      form: "cpu",
      value: said(meanOf(latest, cpu), percent),
      data: series.columns([{ key: "cpu", label: "", pick: cpu }]),
      max: 100,
      detail: [
        millicores === null ? null : m.cores({ count: Math.round(millicores / 100) / 10 }),
        reporting.length > 1 ? m.replica_count({ count: reporting.length }) : null,
      ],
    }),
    chartOf({
      key: "memory",
      form: "memory",
      value: said(sumOf(latest, memory), memoryText),
      data: series.columns([{ key: "memory", label: "", pick: memory }]),
      max: limit || undefined,
      detail: [limit ? m.of_total({ total: short(limit * reporting.length) }) : null],
    }),
    ...gpus.map((id) => {
      const of = (point: MetricsPoint) => point.gpus?.find((gpu) => gpu.id === id);
      const used = sumOf(latest, (it) => of(it)?.memory_used_bytes);
      const total = sumOf(reporting, (it) => of(it)?.memory_total_bytes);
      return chartOf({
        key: `gpu ${id}`,
        form: "gpu",
        value: said(
          meanOf(latest, (it) => of(it)?.utilization_pct),
          percent,
        ),
        data: series.columns([
          { key: `gpu ${id}`, label: "", pick: (it) => of(it)?.utilization_pct },
        ]),
        max: 100,
        detail: [id, used !== null && total ? `${short(used)} / ${short(total)}` : null],
      });
    }),
    chartOf({
      key: "network",
      form: "network",
      value: `${said(sumOf(latest, rx), rate)} · ${said(sumOf(latest, tx), rate)}`,
      data: series.columns([
        { key: "rx", label: m.network_in(), pick: rx },
        { key: "tx", label: m.network_out(), pick: tx },
      ]),
    }),
  ];
  return {
    charts,
    perColor: Math.max(1, series.replicas.length),
    until: fresh ? series.newest : Math.floor(now),
    empty: series.newest === 0,
  };
}

/** What is kept, from and until a moment in seconds. */
export function historyView(history: History, from: number, until: number): ChartsView {
  const { points } = history;
  const limit = Math.max(0, ...points.map((it) => it.memory_total_bytes ?? 0));
  const gpus = Math.max(0, ...points.map((it) => it.gpus.length));
  const lines = (label: string, pick: HistoryPick) => ({ label, pick });
  const chart = (key: string, form: keyof typeof FORMS, max: number | undefined, data: Lines) => {
    const { format } = FORMS[form];
    const summaries = data.lines.map((line) => summaryOf(data.x, line, from, until));
    const known = summaries.filter((it) => it !== null);
    // Network has two kinds of lines, which are not averaged together.
    const kinds = form === "network" ? 2 : 1;
    const per = data.lines.length / kinds;
    const means = Array.from({ length: kinds }, (_, kind) => {
      const own = summaries.slice(kind * per, (kind + 1) * per).filter((it) => it !== null);
      if (own.length === 0) return "–";
      return format(own.reduce((sum, it) => sum + it.mean, 0) / own.length);
    });
    const most = Math.max(...known.map((it) => it.most));
    return chartOf({
      key,
      form,
      value: means.join(" · "),
      data,
      max,
      detail: [
        m.chart_average(),
        known.length > 0 ? m.chart_peak({ value: format(most) }) : null,
        form === "gpu" && gpus > 1 ? `#${key.slice(4)}` : null,
      ],
    });
  };
  const gpuOf = (index: number) => (point: HistoryPoint) =>
    point.gpus.find((gpu) => gpu.index === index)?.utilisation_pct;
  return {
    charts: [
      chart("cpu", "cpu", 100, history.columns([lines("", (it) => it.cpu_pct)])),
      chart(
        "memory",
        "memory",
        limit || undefined,
        history.columns([lines("", (it) => it.memory_used_bytes)]),
      ),
      ...Array.from({ length: gpus }, (_, index) =>
        chart(`gpu ${index}`, "gpu", 100, history.columns([lines("", gpuOf(index))])),
      ),
      chart(
        "network",
        "network",
        undefined,
        history.columns([
          lines(m.network_in(), (it) => it.rx_bps),
          lines(m.network_out(), (it) => it.tx_bps),
        ]),
      ),
    ],
    perColor: Math.max(1, history.replicas.length),
    until,
    empty: points.length === 0,
  };
}
