import { describe, expect, it, vi } from "vitest";
import { ApiError, createApi, Unreachable } from "./client";
import { readStream, reconnectDelay, wait } from "./event-stream";
import { eventsOf } from "./sse";

const BASE = "http://127.0.0.1:1";

/** An API whose every request is answered with these chunks. */
function apiOf(chunks: Uint8Array[], init: ResponseInit = {}) {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return createApi(() => Promise.resolve(new Response(body, init)), BASE);
}

async function dataOf(chunks: Uint8Array[]): Promise<string[]> {
  const data: string[] = [];
  const signal = new AbortController().signal;
  vi.useFakeTimers(); // It rests between small pieces.
  try {
    const onPiece = eventsOf((it) => data.push(it));
    const reading = readStream(apiOf(chunks), "/api/v1/events", { onPiece }, signal);
    await vi.advanceTimersByTimeAsync(10_000);
    await reading;
  } finally {
    vi.useRealTimers();
  }
  return data;
}

describe("reading an event stream", () => {
  const text =
    ': hello\n\nid: 1\ndata: {"name":"图像🎨"}\n\nid: 2\r\ndata: two\r\ndata: lines\r\n\r\n';
  const bytes = new TextEncoder().encode(text);
  const events = ['{"name":"图像🎨"}', "two\nlines"];

  it("finds the same events however the stream is cut in two", async () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(await dataOf([bytes.slice(0, cut), bytes.slice(cut)]), `cut at ${cut}`).toEqual(
        events,
      );
    }
  });

  it("finds the same events byte by byte", async () => {
    expect(await dataOf(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(events);
  });

  it("lets small pieces gather before it reads again", async () => {
    vi.useFakeTimers();
    try {
      const pieces = ["one", "two"].map((text) => new TextEncoder().encode(`data: ${text}\n\n`));
      const data: string[] = [];
      const signal = new AbortController().signal;
      const onPiece = eventsOf((it) => data.push(it));
      const reading = readStream(apiOf(pieces), "/api/v1/events", { onPiece }, signal);
      await vi.advanceTimersByTimeAsync(100);
      expect(data).toEqual(["one"]);
      await vi.advanceTimersByTimeAsync(50);
      expect(data).toEqual(["one", "two"]);
      await vi.advanceTimersByTimeAsync(125);
      await reading;
    } finally {
      vi.useRealTimers();
    }
  });

  it("throws the problem of a refusal", async () => {
    const problem = { title: "Sign-in needed", status: 401, code: "sign_in_needed", detail: "" };
    const api = apiOf([new TextEncoder().encode(JSON.stringify(problem))], { status: 401 });
    const signal = new AbortController().signal;
    const reading = readStream(api, "/api/v1/events", { onPiece: () => {} }, signal);
    await expect(reading).rejects.toMatchObject({ problem });
    await expect(reading).rejects.toBeInstanceOf(ApiError);
  });

  it("makes a problem of a proxy's page", async () => {
    const api = apiOf([new TextEncoder().encode("<html>Bad gateway</html>")], { status: 502 });
    const signal = new AbortController().signal;
    const reading = readStream(api, "/api/v1/events", { onPiece: () => {} }, signal);
    await expect(reading).rejects.toMatchObject({ problem: { status: 502, code: "internal" } });
  });

  it("says that nothing answers", async () => {
    const api = createApi(() => Promise.reject(new TypeError("fetch failed")), BASE);
    const signal = new AbortController().signal;
    const reading = readStream(api, "/api/v1/events", { onPiece: () => {} }, signal);
    await expect(reading).rejects.toBeInstanceOf(Unreachable);
  });

  it("gives up a stream that has gone silent", async () => {
    vi.useFakeTimers();
    const api = createApi(
      (request) =>
        Promise.resolve(
          new Response(
            new ReadableStream({
              start: (controller) =>
                request.signal.addEventListener("abort", () =>
                  controller.error(request.signal.reason),
                ),
            }),
          ),
        ),
      BASE,
    );
    const signal = new AbortController().signal;
    const reading = readStream(api, "/api/v1/events", { onPiece: () => {} }, signal, 1000);
    const refused = expect(reading).rejects.toThrow("silent");
    await vi.advanceTimersByTimeAsync(1001);
    await refused;
    vi.useRealTimers();
  });
});

describe("coming back", () => {
  it("waits longer each time, up to fifteen seconds, never all at the same moment", () => {
    expect(reconnectDelay(1, () => 1)).toBe(500);
    expect(reconnectDelay(3, () => 1)).toBe(2000);
    expect(reconnectDelay(30, () => 1)).toBe(15_000);
    expect(reconnectDelay(30, () => 0)).toBe(9_000);
  });

  it("stops waiting when it is not wanted any more", async () => {
    const controller = new AbortController();
    const waiting = wait(3_600_000, controller.signal);
    controller.abort();
    await expect(waiting).resolves.toBeUndefined();
  });
});
