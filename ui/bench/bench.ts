import { test as base } from "@playwright/test";
import { signIn } from "../e2e/support/test";
import { Folder, Hub, Server } from "../e2e/support/world";
import { ROW, type Row } from "./row";

export { expect } from "@playwright/test";

/** A minute instead of ten where something has to be watched. */
export const quick = process.env.HFSM_BENCH_QUICK !== undefined;

interface World {
  hub: Hub;
  server: Server;
}

interface Fixtures {
  /** Adds a line to the table. */
  row: (row: Row) => void;
  /** A thousand Spaces of one user, all running, on a page that has signed in. */
  thousand: World;
  /** The sixty Spaces of the demo, on a page that has signed in. */
  demo: World;
}

/** Starts a world and its server, and ends them. */
async function inWorld(
  hub: Hub,
  account: string,
  use: (world: World) => Promise<void>,
): Promise<void> {
  const folder = new Folder();
  const server = await Server.start(hub, folder, { HF_USER: account });
  await use({ hub, server });
  await server.stop();
  await hub.stop();
  folder.remove();
}

export const test = base.extend<Fixtures>({
  row: async ({}, use, info) => {
    await use((row) => info.annotations.push({ type: ROW, description: JSON.stringify(row) }));
  },

  thousand: async ({ page }, use) => {
    const hub = await Hub.start("--world", "many", "--spaces", "1000");
    const [token] = Object.values(hub.hello.tokens);
    await inWorld(hub, `bench:${token}`, async (world) => {
      await signIn(page, world.server);
      await use(world);
    });
  },

  demo: async ({ page }, use) => {
    const hub = await Hub.start("--world", "demo");
    await inWorld(hub, `mira:${hub.token("mira/space-manager")}`, async (world) => {
      await signIn(page, world.server);
      await use(world);
    });
  },
});
