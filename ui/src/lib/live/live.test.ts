import { beforeEach, describe, expect, it, vi } from "vitest";
import { createApi } from "$lib/api/client";
import type { ApiEvent } from "$lib/api/types";
import { LiveState } from "./live.svelte";
import type { WorkerAnswer, WorkerRequest } from "./reader-worker";
import type { Reader } from "./readers";

/** A worker that does what the test says. */
class Worker implements Reader {
  onerror: Reader["onerror"] = null;
  onmessage: Reader["onmessage"] = null;
  readonly asked: WorkerRequest[] = [];
  ended = false;
  postMessage(request: WorkerRequest): void {
    this.asked.push(request);
  }
  terminate(): void {
    this.ended = true;
  }
  say(data: WorkerAnswer): void {
    this.onmessage?.(new MessageEvent("message", { data }));
  }
  /** The streams that it was asked to open. */
  get opened(): number[] {
    return this.asked.flatMap((it) => (it.type === "open" ? [it.stream] : []));
  }
}

const removed: ApiEvent = { type: "space_removed", data: { id: "a/b" } };
const read = (stream: number, event: ApiEvent): WorkerAnswer => ({
  type: "read",
  stream,
  events: [event],
  points: [],
  uses: null,
});

function living(transport = () => Promise.reject<Response>(new TypeError("away"))) {
  const worker = new Worker();
  const heard = { refreshed: 0, events: [] as ApiEvent[], signedOut: 0, readers: 0 };
  const live = new LiveState(
    createApi(transport, "http://127.0.0.1:1"),
    {
      onRefresh: () => (heard.refreshed += 1),
      onEvent: (event) => heard.events.push(event),
      onReader: () => (heard.readers += 1),
      onUses: () => {},
      onSignedOut: () => (heard.signedOut += 1),
    },
    true,
    () => worker,
  );
  return { worker, heard, live };
}

describe("the page's stream, read by a worker", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  it("is opened, heard, and opened again when it ends", async () => {
    const { worker, heard, live } = living();
    void live.run(new AbortController().signal);
    worker.say({ type: "opened", stream: 1 });
    worker.say(read(1, removed));
    expect([live.status, heard.refreshed, heard.events]).toEqual(["live", 1, [removed]]);
    worker.say({ type: "ended", stream: 1, status: undefined });
    await vi.advanceTimersByTimeAsync(10);
    expect(live.status).toBe("lost");
    await vi.advanceTimersByTimeAsync(1000);
    expect(worker.opened).toEqual([1, 2]);
  });

  it("asks who is signed in when it is refused", async () => {
    const { worker, heard, live } = living();
    void live.run(new AbortController().signal);
    worker.say({ type: "ended", stream: 1, status: 401 });
    await vi.advanceTimersByTimeAsync(10);
    expect(heard.signedOut).toBe(1);
  });

  it("is not heard any more once nobody wants it", async () => {
    const { worker, heard, live } = living();
    const visitor = new AbortController();
    const running = live.run(visitor.signal);
    const stream = worker.opened.at(-1) ?? 0;
    visitor.abort();
    await running;
    worker.say({ type: "opened", stream });
    worker.say(read(stream, removed));
    expect([live.status, heard.refreshed, heard.events]).toEqual(["connecting", 0, []]);
    expect(worker.asked.at(-1)).toEqual({ type: "close" });
  });

  it("goes to the next visitor alone", async () => {
    const { worker, heard, live } = living();
    const [first, second] = [new AbortController(), new AbortController()];
    void live.run(first.signal);
    const [before] = worker.opened;
    first.abort();
    void live.run(second.signal);
    const after = worker.opened.at(-1) ?? 0;
    worker.say(read(before ?? 0, removed));
    expect(heard.events).toEqual([]);
    worker.say(read(after, removed));
    expect(heard.events).toEqual([removed]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(worker.opened.at(-1)).toBe(after);
  });

  it("is read by the page when the worker fails, which is heard no more", async () => {
    const stream = `data: ${JSON.stringify({ event: removed })}\n\n`;
    const { worker, heard, live } = living(() => Promise.resolve(new Response(stream)));
    void live.run(new AbortController().signal);
    worker.onerror?.(new Event("error") as ErrorEvent);
    expect([worker.ended, worker.onmessage]).toEqual([true, null]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(heard.events).toContainEqual(removed);
    expect(heard.readers).toBe(2);
  });
});
