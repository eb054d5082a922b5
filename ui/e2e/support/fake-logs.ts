import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import type { LogLine, LogUpdate } from "../../src/lib/api/types";

type Told = LogUpdate & { space?: string };

/** In place of the server's logs: it says what a test tells it to, as long as it is told to. */
export class FakeLogs {
  /** What was asked for, with its query. */
  readonly asked: string[] = [];
  #told: Told[] = [];
  readonly #open = new Set<ServerResponse>();

  private constructor(readonly server: Server) {}

  static async start(page: Page): Promise<FakeLogs> {
    const server = createServer((request, response) => {
      logs.asked.push(request.url ?? "");
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const update of logs.#told) response.write(event(update));
      logs.#open.add(response);
      response.on("close", () => logs.#open.delete(response));
    });
    const logs = new FakeLogs(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await page.route(/\/logs\/(run|build)\/stream\?/, (route) => {
      const { pathname, search } = new URL(route.request().url());
      return route.continue({ url: `http://127.0.0.1:${port}${pathname}${search}` });
    });
    return logs;
  }

  /** Tells those who listen now, and those who come later. */
  tell(...updates: Told[]): void {
    this.#told.push(...updates);
    for (const response of this.#open) for (const update of updates) response.write(event(update));
  }

  lines(texts: readonly string[], space?: string, second = 0): void {
    const data = texts.map((text, n): LogLine => ({ at: stamp(second + n), text }));
    this.tell({ type: "lines", data, space });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const event = (update: Told) => `data: ${JSON.stringify(update)}\n\n`;
const BEGIN = Date.parse("2026-11-25T14:00:00Z");
const stamp = (second: number) => new Date(BEGIN + second * 1000).toISOString();
