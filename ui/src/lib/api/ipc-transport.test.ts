import { afterEach, describe, expect, it, vi } from "vitest";

type Message = ArrayBuffer | number[] | string | null;
const shell = vi.hoisted(() => ({ invoke: vi.fn() }));

vi.mock("@tauri-apps/api/core", () => ({
  invoke: shell.invoke,
  Channel: class {
    constructor(readonly onmessage: (message: Message) => void) {}
  },
}));

const { ipcTransport } = await import("./ipc-transport");

interface Call {
  request: { id: number; method: string; uri: string; body: string | null };
  chunks: { onmessage: (message: Message) => void };
}

/** Lets the shell answer with this head; returns what it was asked and its side of the channel. */
function answer(status: number) {
  const calls: Call[] = [];
  shell.invoke.mockImplementation((command: string, args: Call) => {
    if (command === "api_fetch") calls.push(args);
    return Promise.resolve({ status, headers: [["content-type", "application/json"]] });
  });
  return calls;
}

const bytes = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer;

describe("the desktop's transport", () => {
  afterEach(() => shell.invoke.mockReset());

  it("takes a request over and streams the answer's body", async () => {
    const calls = answer(200);
    const request = new Request("http://localhost/api/v1/spaces?q=a%20b", {
      method: "POST",
      body: '{"x":1}',
    });
    const response = await ipcTransport(request);
    const [call] = calls;
    expect(call?.request).toMatchObject({
      method: "POST",
      uri: "/api/v1/spaces?q=a%20b",
      body: '{"x":1}',
    });
    call?.chunks.onmessage(bytes('{"ok":'));
    call?.chunks.onmessage('"错"');
    call?.chunks.onmessage(Array.from(new TextEncoder().encode("}")));
    call?.chunks.onmessage([]);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({ ok: "错" });
  });

  it("fails the body that breaks off, instead of ending it", async () => {
    const calls = answer(200);
    const response = await ipcTransport(new Request("http://localhost/api/v1/events"));
    calls[0]?.chunks.onmessage(bytes("data: 1"));
    calls[0]?.chunks.onmessage(null);
    await expect(response.text()).rejects.toThrow("broke off");
  });

  it("tells the shell when nobody wants the answer any more", async () => {
    const calls = answer(200);
    const controller = new AbortController();
    const response = await ipcTransport(
      new Request("http://localhost/api/v1/events", { signal: controller.signal }),
    );
    controller.abort();
    await expect(response.text()).rejects.toThrow();
    expect(shell.invoke).toHaveBeenCalledWith("api_abort", { id: calls[0]?.request.id });
  });

  it("gives an answer without a body none", async () => {
    answer(204);
    const response = await ipcTransport(
      new Request("http://localhost/api/v1/session", { method: "DELETE" }),
    );
    expect(response.status).toBe(204);
    expect(response.body).toBeNull();
  });
});
