import { expect, open, signIn, test } from "./support/test";

test("the palette finds Spaces, pages and actions, and dangerous ones ask", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/activity");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Command palette" });
  await expect(palette.getByPlaceholder("A Space, an action, a page…")).toBeFocused();
  await page.keyboard.type("story paint");
  await expect(palette.locator("[data-command='space:mira/story-painter']")).toBeVisible();
  await expect(palette.locator("[data-command^='restart:']")).toHaveCount(0);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/spaces\/mira\/story-painter$/);

  await page.keyboard.press("Control+k");
  await page.keyboard.type("restart story");
  const restart = palette.locator("[data-command='restart:mira/story-painter']");
  await expect(restart).toContainText("asks first");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Restart Story Painter?" })).toBeVisible();
  await page.keyboard.press("Escape");

  // What was run last is offered first.
  await page.keyboard.press("Control+k");
  await expect(palette.locator("[data-command]").first()).toHaveAttribute(
    "data-command",
    "restart:mira/story-painter",
  );
  await page.keyboard.type("nothing like this");
  await expect(palette).toContainText("Nothing is called");
});

test("the list is walked and acted on by keys, and the keys are listed", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/spaces?q=mira");
  const rows = page.locator("[data-space]");
  await expect(rows.first()).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(rows.nth(1).getByRole("link").first()).toBeFocused();
  await page.keyboard.press("x");
  await expect(rows.nth(1)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("k");
  await expect(rows.nth(0).getByRole("link").first()).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(rows.nth(1)).toHaveAttribute("aria-selected", "false");

  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(keys).toContainText("Next Space");
  await expect(keys).toContainText("Go to: Activity");
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await expect(page).toHaveURL(/\/activity$/);
});

test("many are acted on together: seen before, taken back, done one by one", async ({
  page,
  serve,
  hub,
}) => {
  const server = await serve({ HF_USER: `jonas-b:${hub.token("jonas-b/space-manager")}` });
  await signIn(page, server);
  await page.goto(`${server.address}/spaces?owner=jonas-b`);
  const box = (space: string) =>
    page.locator(`[data-space='jonas-b/${space}']`).getByRole("checkbox");
  await box("image-proxy").check();
  await box("label-studio").check();
  await box("leaderboard").check();
  const bar = page.getByRole("toolbar", { name: /selected Spaces/ });
  await expect(bar).toContainText("3 selected");

  await bar.getByRole("button", { name: "Restart" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Restart 2 Spaces?");
  await expect(dialog.locator("[data-plan-skips]")).toContainText("static: nothing runs");
  await dialog.getByRole("button", { name: "Restart" }).click();
  const progress = page.locator("[data-bulk]");
  await progress.getByRole("button", { name: "Undo" }).click();
  await expect(progress).toHaveCount(0);

  await box("image-proxy").check();
  await bar.getByRole("button", { name: "Restart" }).click();
  await dialog.getByRole("button", { name: "Restart" }).click();
  await expect(progress.locator("[data-bulk-item=waiting]")).toHaveCount(1);
  await expect(progress.locator("[data-bulk-item=done]")).toHaveCount(1, { timeout: 30_000 });
  await expect(progress).toContainText("1 of 1 done");
  await progress.getByRole("button", { name: "Close" }).click();
  await expect(progress).toHaveCount(0);
});

test("filters, order and view are chosen and stay", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces");
  const table = page.getByRole("table", { name: "Spaces" });
  await expect(table).toBeVisible();
  await page.getByRole("button", { name: "Filter by SDK" }).click();
  await page.getByRole("menuitemradio", { name: /^gradio/ }).click();
  await expect(page).toHaveURL(/sdk=gradio/);
  await table.getByRole("button", { name: "CPU" }).click();
  await expect(page).toHaveURL(/sort=-cpu/);
  await expect(table.getByRole("columnheader", { name: "CPU" })).toHaveAttribute(
    "aria-sort",
    "descending",
  );
  await page.reload();
  await expect(page.getByRole("button", { name: "Filter by SDK" })).toContainText("gradio");

  await page.getByRole("button", { name: "View options" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Memory" }).click();
  await page.keyboard.press("Escape");
  await expect(table.getByRole("columnheader", { name: "Memory" })).toHaveCount(0);
  await page.getByRole("button", { name: "Cards" }).click();
  await expect(page.getByRole("list", { name: "Spaces" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("list", { name: "Spaces" })).toBeVisible();
});

test("who goes back finds what was filtered, also who left at once after typing", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/spaces");
  const field = page.getByRole("searchbox");
  const link = page.locator("[data-space='jonas-b/label-studio']").getByRole("link").first();
  const heading = page.getByRole("heading", { name: "Label Studio" });
  await field.fill("label studio");
  await link.click();
  await expect(heading).toBeVisible();
  await page.goBack();
  await expect(field).toHaveValue("label studio");

  await field.fill("label");
  await expect(page).toHaveURL(/q=label$/);
  await link.click();
  await expect(heading).toBeVisible();
  await page.goBack();
  await expect(field).toHaveValue("label");
});

test("groups fold, and favourites come first", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces");
  const row = page.locator("[data-space='jonas-b/label-studio']");
  await row.getByRole("button", { name: /^Actions/ }).click();
  await page.getByRole("menuitem", { name: "Add to favourites" }).click();
  await expect(page.getByRole("button", { name: "Favourites · 1 Space" })).toBeVisible();
  await expect(page.locator("[data-space]").first()).toHaveAttribute(
    "data-space",
    "jonas-b/label-studio",
  );
  const group = page.getByRole("button", { name: /^jonas-b · / });
  await group.click();
  await expect(group).toHaveAttribute("aria-expanded", "false");
  await expect(page.locator("[data-space='jonas-b/flaky-bot']")).toHaveCount(0);
});

test("the last day of a Space is a strip that can be heard", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces?q=crashed-scraper");
  const strip = page
    .locator("[data-space='jonas-b/crashed-scraper']")
    .getByRole("img", { name: /^Last 24 hours: .*Failing \d+ h/ });
  await expect(strip).toBeVisible();
});
