import { expect, open, test } from "./support/test";

test("a Space's page has charts that live, facts and stages", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces/northwind-lab/search-api");
  await expect(page.getByRole("heading", { name: "Search API", level: 2 })).toBeVisible();
  for (const name of [/^CPU: \d+ %/, /^Memory: [\d.]+ GB/, /^Network: /]) {
    await expect(page.getByRole("region", { name }).locator("canvas")).toBeVisible();
  }
  await expect(page.getByText("2 replicas")).toBeVisible();
  await expect(page.getByText("northwind-lab", { exact: false }).first()).toBeVisible();
  const facts = page.locator("section", { has: page.getByRole("heading", { name: "Facts" }) });
  await expect(facts).toContainText("Hardware");
  await expect(facts).toContainText("private");
});

test("a GPU has its own chart", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces/mira/story-painter");
  await expect(page.getByRole("region", { name: /^GPU: \d+ %/ }).first()).toBeVisible();
});

test("logs follow, hold still while one reads, and jump to the newest", async ({
  page,
  hub,
  server,
  session,
}) => {
  await open(page, { server, session }, "/spaces/northwind-lab/search-api");
  const logs = page.getByRole("region", { name: "Logs" });
  const lines = logs.getByRole("group", { name: "Log lines" });
  await expect(logs).toHaveAttribute("data-log-status", "open");
  await expect(logs.getByText("following")).toBeVisible();
  const count = async () => Number(await logs.locator("[data-lines]").getAttribute("data-lines"));
  await expect.poll(count).toBeGreaterThan(30);
  const before = await count();
  const print = (line: string) =>
    hub.control("/spaces/northwind-lab/search-api/log", {
      method: "POST",
      body: JSON.stringify({ line }),
    });
  await print("a line that a test asked for");
  await expect(lines.getByText("a line that a test asked for")).toBeVisible();
  expect(await count()).toBeGreaterThan(before);

  await lines.hover();
  await page.mouse.wheel(0, -2000);
  await expect(logs.getByText("paused")).toBeVisible();
  const top = await lines.evaluate((element) => element.scrollTop);
  const held = await count();
  await print("another line");
  await expect.poll(count).toBeGreaterThan(held);
  expect(await lines.evaluate((element) => element.scrollTop)).toBe(top);

  await logs.getByRole("button", { name: "Jump to newest" }).click();
  await expect(logs.getByText("following")).toBeVisible();
  await expect(lines.getByText("another line")).toBeVisible();

  await logs.getByRole("button", { name: "Wrap long lines" }).click();
  await expect(logs.getByRole("button", { name: "Wrap long lines" })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  const download = page.waitForEvent("download");
  await logs.getByRole("button", { name: "Download" }).click();
  expect((await download).suggestedFilename()).toBe("northwind-lab-search-api-run.log");
});

test("a failed build shows its reason in full and its build log", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/spaces/mira/broken-build");
  await expect(page.locator("[data-stage=BUILD_ERROR]").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Copy the reason" })).toBeVisible();
  const logs = page.getByRole("region", { name: "Logs" });
  await expect(logs.getByRole("button", { name: "Build" })).toHaveAttribute("aria-pressed", "true");
  await expect
    .poll(async () => Number(await logs.locator("[data-lines]").getAttribute("data-lines")))
    .toBeGreaterThan(0);
});

test("a pause is asked for, followed, and undone by a restart", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/spaces/mira/xss");
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await expect(page.locator("main [data-stage=PAUSED]").first()).toBeVisible({ timeout: 30_000 });
  await expect(
    page.getByRole("region", { name: "CPU: –" }).or(page.getByText("Nothing runs now")),
  ).toBeVisible();
  const steps = page.locator("[data-operation]");
  await expect(steps).toContainText("Pause: done");
  await steps.getByRole("button", { name: "Close" }).click();
  await expect(steps).toHaveCount(0);

  const restart = async () => {
    await page.getByRole("button", { name: "Restart", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Restart" }).click();
  };
  await restart();
  await expect(steps.locator("[data-step=sent]")).toHaveAttribute("data-state", "done");
  await expect(steps.locator("[data-state=now]")).toHaveCount(1);
  await expect(steps.locator("[data-step=running]")).toHaveAttribute("data-state", "done", {
    timeout: 30_000,
  });
  await expect(steps.locator("[data-usual]")).toHaveCount(0);
  await expect(page.locator("main [data-stage=RUNNING]").first()).toBeVisible();
  await restart();
  await expect(steps.locator("[data-usual]")).toHaveText(/usually 0:\d\d/);
  await page.goto(`${server.address}/activity`);
  await expect(page.locator("[data-activity=pause]").first()).toContainText("mira/xss");
});

test("an action that fails says at which step, and why", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces/mira/broken-build");
  await page.getByRole("button", { name: "Restart", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Restart" }).click();
  const steps = page.locator("[data-operation=failed]");
  await expect(steps).toContainText("Restart: failed", { timeout: 30_000 });
  await expect(steps.locator("[data-step=building]")).toHaveAttribute("data-state", "failed");
  await expect(steps).toContainText("BUILD_ERROR");
});

test("a static Space has nothing to restart", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces");
  const row = page.locator("[role=row]", { hasText: "static ·" }).first();
  await page.getByRole("searchbox").fill("static");
  await row.getByRole("link").first().click();
  await expect(page.getByText("nothing runs")).toBeVisible();
  await expect(page.getByRole("button", { name: "Restart" })).toHaveCount(0);
});

test("a Space that is not here says so", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces/nobody/nothing");
  await expect(page.getByText("nobody/nothing is not here")).toBeVisible();
});

test("a log is searched, stepped through and filtered by level", async ({
  page,
  hub,
  server,
  session,
}) => {
  const print = (line: string) =>
    hub.control("/spaces/northwind-lab/search-api/log", {
      method: "POST",
      body: JSON.stringify({ line }),
    });
  await open(page, { server, session }, "/spaces/northwind-lab/search-api");
  await page
    .getByRole("navigation", { name: "Search API" })
    .getByRole("link", { name: "Logs" })
    .click();
  await expect(page).toHaveURL(/\/search-api\/logs$/);
  const logs = page.getByRole("region", { name: "Logs" });
  await expect(logs).toHaveAttribute("data-log-status", "open");
  await print("ValueError: needle (one)");
  await print("a needle of no harm");
  await expect(logs.getByText("a needle of no harm")).toBeVisible();

  await page.keyboard.press("/");
  await page.keyboard.type("needle");
  const search = logs.getByRole("search");
  await expect(search.getByRole("status")).toHaveText("0 of 2");
  await page.keyboard.press("Enter");
  await expect(search.getByRole("status")).toHaveText("1 of 2");
  await expect(logs.locator("[data-current-match]")).toContainText("needle (one)");
  await expect(logs.locator("mark").first()).toHaveText("needle");
  await page.keyboard.press("Shift+Enter");
  await expect(search.getByRole("status")).toHaveText("2 of 2");
  await search.getByRole("button", { name: "Regular expression" }).click();
  await search.getByRole("searchbox").fill("needle (");
  await expect(search.getByRole("status")).toHaveText("not an expression");
  await search.getByRole("searchbox").fill("needle \\(o.e");
  await expect(search.getByRole("status")).toHaveText("0 of 1");

  await logs.getByRole("button", { name: "Errors" }).click();
  await expect(logs.getByText("a needle of no harm")).toHaveCount(0);
  await expect(logs.getByText("ValueError:")).toBeVisible();
});

test("variables and secrets are added, changed and deleted", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces/mira/xss/variables");
  const variables = page.getByRole("region", { name: "Variables" });
  await variables.getByRole("button", { name: "Add a variable" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("LOG_LEVEL");
  await dialog.getByLabel("Value").fill("<b>debug</b>");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(variables).toContainText("<b>debug</b>");

  const secrets = page.getByRole("region", { name: "Secrets" });
  await secrets.getByRole("button", { name: "Add a secret" }).click();
  await dialog.getByLabel("Name").fill("API_KEY");
  await dialog.getByLabel("Value").fill("not for the page");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(secrets).toContainText("API_KEY");
  await expect(page.getByText("not for the page")).toHaveCount(0);

  await variables.getByRole("button", { name: "Delete LOG_LEVEL" }).click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(variables.getByText("LOG_LEVEL")).toHaveCount(0);
});

test("the activity of a Space is its own", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces/northwind-lab/search-api/activity");
  await expect(page.getByText("Nothing has been done yet")).toBeVisible();
});
