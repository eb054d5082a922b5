import { expect, signIn, test } from "./support/test";

test.use({ serviceWorkers: "allow" });

test("without a server the page opens with the last known list, until somebody signs out", async ({
  page,
  serve,
  hub,
  folder,
}) => {
  const env = { HF_USER: `mira:${hub.token("mira/space-manager")}` };
  const server = await serve(env, folder);
  await signIn(page, server);
  await expect(page.locator("[data-space='mira/story-painter']")).toBeVisible();
  await page.evaluate(() => navigator.serviceWorker.ready);
  const cdp = await page.context().newCDPSession(page);
  const { installabilityErrors } = await cdp.send("Page.getInstallabilityErrors");
  // A test's window is a private one, which installs nothing.
  expect(installabilityErrors.filter((it) => it.errorId !== "in-incognito")).toEqual([]);

  // What it keeps is the page, and nothing that the API has answered.
  const kept = await page.evaluate(async () => {
    const names = await caches.keys();
    const all = await Promise.all(
      names.map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)),
    );
    return all.flat();
  });
  expect(kept.length).toBeGreaterThan(50);
  expect(kept.filter((url) => url.includes("/api/"))).toEqual([]);

  await page.reload(); // Leaving the page keeps the list.
  await expect(page.locator("[data-connection=live]")).toBeVisible();
  await page.evaluate(() => localStorage.setItem("hfsm-view", '{"favourites":["mira/secret"]}'));
  expect(await server.stop()).toBe(0);
  await page.goto(`${server.address}/activity`);
  const last = page.locator("[data-last-known]");
  await expect(last).toContainText("No answer from the server");
  await expect(last).toContainText(/The list is as of .+\./);
  await expect(last.getByRole("listitem").filter({ hasText: "Story Painter" })).toContainText(
    "Running",
  );

  await serve({ ...env, HFSM_PORT: new URL(server.address).port }, folder);
  await last.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "Activity", level: 1 })).toBeVisible();
  await page.getByRole("button", { name: "Appearance and language" }).click();
  await page.getByRole("menuitem", { name: /^Sign out/ }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  const left = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(left).not.toContain("mira");
});
