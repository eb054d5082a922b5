import { expect, open, signIn, test } from "./support/test";

test("a page that fails says so, keeps the frame, and can be tried again", async ({
  page,
  server,
  session,
}) => {
  const broken = { items: [{ id: 1, kind: "restart", at: "2026-01-01T00:00:00Z" }] };
  await page.route("**/api/v1/activity*", (route) => route.fulfill({ json: broken }));
  await open(page, { server, session }, "/activity");
  const failure = page.locator("[data-failure]");
  await expect(failure.getByRole("heading", { name: "This page has failed" })).toBeVisible();
  await expect(failure).toContainText("TypeError");
  await expect(failure.getByRole("button", { name: "Copy the details" })).toBeVisible();
  const nav = page.getByRole("navigation", { name: "Main" });

  // Another page works, and this one too once its reason is gone.
  await nav.getByRole("link", { name: "Spaces" }).click();
  await expect(page.getByRole("table", { name: "Spaces" })).toBeVisible();
  await expect(failure).toHaveCount(0);
  await nav.getByRole("link", { name: "Activity" }).click();
  await expect(failure).toBeVisible();
  await page.unroute("**/api/v1/activity*");
  await failure.getByRole("button", { name: "Reload" }).click();
  await expect(failure).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "Activity", level: 1 })).toBeVisible();
});

test("what is shown while the server is away says how old it is", async ({
  page,
  serve,
  hub,
  folder,
}) => {
  const env = { HF_USER: `mira:${hub.token("mira/space-manager")}` };
  const server = await serve(env, folder);
  await signIn(page, server);
  const row = page.locator("[data-space='mira/story-painter']");
  await expect(row).toBeVisible();
  expect(await server.stop()).toBe(0);
  const line = page.locator("[data-status-line]");
  await expect(line).toContainText(/No answer from the server for .* What you see is as of/);
  await expect(row).toBeVisible();

  await serve({ ...env, HFSM_PORT: new URL(server.address).port }, folder);
  // It may be back by itself in this moment; then there is nothing to press.
  await line
    .getByRole("button", { name: "Try now" })
    .click({ timeout: 5000 })
    .catch(() => {});
  await expect(page.locator("[data-connection=live]")).toBeVisible();
  await expect(line).toHaveCount(0);
});

test("the requests that the Hub takes are shown for each account", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/spaces");
  await page.getByRole("button", { name: "Hub requests of every account" }).click();
  const budgets = page.getByRole("dialog", { name: "Hub requests of every account" });
  await expect(budgets.locator("[data-budget=mira]")).toContainText(/\d+ \/ [\d,]+/);
  await expect(budgets.locator("[data-budget=jonas-b]")).toContainText("starts anew");
  await page.keyboard.press("Escape");
  await expect(budgets).toHaveCount(0);
});
