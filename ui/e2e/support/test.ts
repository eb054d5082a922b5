import { test as base, expect, type Page } from "@playwright/test";
import { Folder, Hub, Server } from "./world";

export { expect };

/** Signs in by the link that the server printed. A code works once. */
export async function signIn(page: Page, server: Server): Promise<void> {
  await page.goto(server.link);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
}

interface Fixtures {
  /** Starts a server of the test's own; it ends with the test. */
  serve: (env?: Record<string, string>, folder?: Folder) => Promise<Server>;
  folder: Folder;
}

interface Shared {
  hub: Hub;
  /** One server with all of the demo's accounts, for the tests that need no own. */
  server: Server;
  session: { cookies: Awaited<ReturnType<import("@playwright/test").BrowserContext["cookies"]>> };
}

export const test = base.extend<Fixtures & { complaints: string[] }, Shared>({
  hub: [
    async ({}, use) => {
      const hub = await Hub.start("--world", "demo", "--step-ms", "700");
      await use(hub);
      await hub.stop();
    },
    { scope: "worker" },
  ],

  server: [
    async ({ hub }, use) => {
      const folder = new Folder();
      const accounts = [
        `mira:${hub.token("mira/space-manager")}`,
        `jonas-b:${hub.token("jonas-b/space-manager")}`,
      ];
      const server = await Server.start(hub, folder, { HF_USER: accounts.join(",") });
      await use(server);
      await server.stop();
      folder.remove();
    },
    { scope: "worker" },
  ],

  session: [
    async ({ browser, server }, use) => {
      const page = await browser.newPage();
      await signIn(page, server);
      const cookies = await page.context().cookies();
      await page.context().close();
      await use({ cookies });
    },
    { scope: "worker" },
  ],

  folder: async ({}, use) => {
    const folder = new Folder();
    await use(folder);
    folder.remove();
  },

  serve: async ({ hub, folder }, use) => {
    const servers: Server[] = [];
    await use(async (env, where = folder) => {
      const server = await Server.start(hub, where, env);
      servers.push(server);
      return server;
    });
    await Promise.all(servers.map((server) => server.stop()));
  },

  // Every test fails when the page complained: an exception, a policy that was broken, a dialog.
  complaints: [
    // `serve` is named so that the verdict falls before the servers go.
    async ({ page, serve: _ }, use) => {
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        const harmless = /Failed to load resource|net::ERR_/.test(message.text());
        if (message.type() === "error" && !harmless) complaints.push(message.text());
      });
      page.on("dialog", (dialog) => {
        complaints.push(`a dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      await use(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

/** Opens a page of the shared server as somebody who has signed in. */
export async function open(page: Page, shared: Pick<Shared, "server" | "session">, path: string) {
  await page.context().addCookies(shared.session.cookies);
  await page.goto(shared.server.address + path);
}
