import { describe, expect, it } from "vitest";
import { createApi } from "$lib/api/client";
import { readDiagnostics } from "./diagnostics";

const ANSWERS: Record<string, unknown> = {
  "/api/v1/system/version": { version: "1.2.3", can_add_accounts: true },
  "/api/v1/system/health": {
    ok: false,
    store_trouble: "cannot write /home/alice/data/store.db",
    open_streams: 3,
    event_readers: 1,
  },
  "/api/v1/system/tasks": [
    {
      name: "poll",
      running: 1,
      begun: 2,
      panics: 1,
      last_panic: "index out of bounds in alice/demo",
      last_panic_at: null,
    },
  ],
  "/api/v1/accounts": [
    {
      id: "alice",
      username: "alice",
      full_name: "Alice Example",
      organisations: [{ name: "acme-lab" }],
      token: { kind: "write", display_name: "my laptop", source: "vault" },
      state: { status: "token_refused", since: "", reason: "alice was refused" },
      budget: { quota: 1000, remaining: 990, resets_at: "" },
    },
  ],
};

describe("the diagnostics", () => {
  const api = createApi(
    (request) => Promise.resolve(Response.json(ANSWERS[new URL(request.url).pathname])),
    "http://127.0.0.1:1",
  );

  it("tell how the program is", async () => {
    const text = await readDiagnostics(api, { language: "en" });
    expect(text).toContain("HF Space Manager 1.2.3");
    expect(text).toContain("language: en");
    expect(text).toContain("open streams: 3");
    expect(text).toContain("account 1: write token, token_refused, 990 of 1000 requests left");
    expect(text).toContain("task poll: 1 running, 2 begun, 1 failed");
  });

  it("name no person, no Space, no organisation and no path", async () => {
    const text = await readDiagnostics(api, {});
    expect(text).not.toMatch(/alice|acme|laptop|\/home/i);
  });
});
