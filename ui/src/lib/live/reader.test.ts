import { describe, expect, it } from "vitest";
import type { ApiEvent, MetricsPoint } from "$lib/api/types";
import { USE_WIDTH } from "$lib/metrics/uses";
import { StreamReader, type ReaderAnswer } from "./reader";

const AT = Date.parse("2026-11-22T14:00:00Z");

const metricsOf = (space: string, cpu_pct: number): ApiEvent => {
  const point = { at: new Date(AT).toISOString(), replica: "aaaaa", cpu_pct } as MetricsPoint;
  return { type: "metrics", data: { space, point } };
};

const bytesOf = (...events: ApiEvent[]): Uint8Array =>
  new TextEncoder().encode(
    events.map((event) => `data: ${JSON.stringify({ event })}\n\n`).join(""),
  );

function reading() {
  const answers: ReaderAnswer[] = [];
  const reader = new StreamReader((answer) => answers.push(answer));
  reader.take({ type: "begin", stream: 1 });
  return { answers, reader };
}

describe("reading the page's stream", () => {
  it("hands on what happens, and sums up what is reported", () => {
    const { answers, reader } = reading();
    const removed: ApiEvent = { type: "space_removed", data: { id: "a/gone" } };
    const piece = bytesOf(metricsOf("a/b", 20), removed, metricsOf("a/b", 30));
    reader.take({ type: "piece", piece }, AT);
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatchObject({ stream: 1, events: [removed], points: [] });
    expect(answers[0]?.uses?.names).toEqual(["a/b"]);
    expect([...(answers[0]?.uses?.numbers.slice(0, 3) ?? [])]).toEqual([0, 1, 30]);
  });

  it("hands on each report of a Space that is followed", () => {
    const { answers, reader } = reading();
    reader.take({ type: "follow", spaces: ["a/b"] });
    const piece = bytesOf(metricsOf("a/b", 20), metricsOf("c/d", 1), metricsOf("a/b", 30));
    reader.take({ type: "piece", piece }, AT);
    expect(answers[0]?.points.map(({ point }) => point.cpu_pct)).toEqual([20, 30]);
    expect(answers[0]?.uses?.numbers).toHaveLength(2 * USE_WIDTH);
  });

  it("says nothing while there is nothing to say, and that a Space went silent", () => {
    const { answers, reader } = reading();
    reader.take({ type: "piece", piece: bytesOf(metricsOf("a/b", 20)) }, AT);
    reader.take({ type: "piece", piece: new TextEncoder().encode(": still here\n\n") }, AT + 1000);
    reader.tell(AT + 2000);
    expect(answers).toHaveLength(1);
    reader.tell(AT + 60_000);
    expect(answers).toHaveLength(2);
    expect([...(answers[1]?.uses?.numbers.slice(0, 2) ?? [])]).toEqual([0, 0]);
  });

  it("does not carry half an event over into another stream", () => {
    const { answers, reader } = reading();
    const whole = bytesOf({ type: "space_removed", data: { id: "a/one" } });
    reader.take({ type: "piece", piece: whole.slice(0, 20) }, AT);
    reader.take({ type: "begin", stream: 2 });
    reader.take({ type: "piece", piece: whole }, AT);
    expect(answers.map(({ stream, events }) => [stream, events.length])).toEqual([[2, 1]]);
  });
});
