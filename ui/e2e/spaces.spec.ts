import { expect, open, test } from "./support/test";

test("Spaces are grouped by owner with their stage and live numbers", async ({
  page,
  server,
  session,
}) => {
  await page.setViewportSize({ width: 1680, height: 900 }); // Every column has room.
  await open(page, { server, session }, "/");
  await expect(page).toHaveURL(`${server.address}/spaces`);
  const table = page.getByRole("table", { name: "Spaces" });
  await expect(table.getByText(/^jonas-b · \d+ Spaces$/)).toBeVisible();

  const row = page.locator("[data-space='mira/story-painter']");
  await page.getByRole("searchbox").fill("story-painter");
  await expect(row).toContainText("Running");
  await expect(row.getByText(/^\d+ %$/)).toBeVisible();
  await expect(row.getByRole("meter", { name: "Memory" })).toHaveAttribute("aria-valuetext", /GB$/);
  await expect(row.getByText(/B\/s$/).first()).toBeVisible();

  // The numbers live: what the meter says changes by itself.
  const meter = row.getByRole("meter", { name: "Memory" });
  const cpu = row.getByText(/^\d+ %$/);
  const before = `${await meter.getAttribute("aria-valuetext")} ${await cpu.textContent()}`;
  await expect
    .poll(async () => `${await meter.getAttribute("aria-valuetext")} ${await cpu.textContent()}`)
    .not.toBe(before);
});

test("tiles count everything and filter by what they count", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces");
  const failing = page.locator("[data-tile=failing]");
  await expect(failing).not.toContainText("none now");
  const running = page.locator("[data-tile=running]");
  await expect(running).toContainText(/of \d+ Spaces/);
  const all = /of \d+ Spaces/.exec((await running.textContent()) ?? "")?.[0] ?? "";
  await failing.click();
  await expect(failing).toHaveAttribute("aria-pressed", "true");
  await expect(page).toHaveURL(/stage=failing/);
  await expect(page.locator("[data-stage=RUNNING]").filter({ visible: true })).toHaveCount(0);
  await expect(page.locator("[data-space='jonas-b/crashed-scraper']")).toBeVisible();
  await expect(running).toContainText(all);

  await page.reload();
  await expect(failing).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("/");
  await page.keyboard.type("nothing like this");
  await page.getByRole("button", { name: "Clear the filter" }).click();
  await expect(failing).toHaveAttribute("aria-pressed", "false");
});

test("a failing Space says why in its row", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces?q=no-capacity");
  const row = page.locator("[data-space='salt-and-pixel/no-capacity']");
  await expect(row).toContainText("not enough hardware capacity");
});

test("a title with markup is shown as the text that it is", async ({
  page,
  hub,
  server,
  session,
}) => {
  const title = "<img src=x onerror=alert(document.domain)>";
  await open(page, { server, session }, "/spaces?q=xss");
  await page.getByRole("link", { name: title, exact: true }).click();
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  const line = "<script>alert(1)</script>";
  await hub.control("/spaces/mira/xss/log", { method: "POST", body: JSON.stringify({ line }) });
  await expect(page.getByText(line).first()).toBeVisible();
  await expect(page.locator("img[src=x]")).toHaveCount(0);
});

test("a stage that nobody knows is shown as the Hub's word", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces?q=from-the-future");
  await expect(page.locator("[data-space='open-atlas/from-the-future']")).toContainText(
    "Future stage",
  );
});

test("a restart asks first, and is followed until the Space runs again", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/spaces?q=xss");
  const row = page.locator("[data-space='mira/xss']");
  await row.getByRole("button", { name: /^Restart/ }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("stops and starts again");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(row).toContainText("Running");

  await row.getByRole("button", { name: /^Restart/ }).click();
  await dialog.getByRole("button", { name: "Restart" }).click();
  await expect(row).toContainText("Restarting");
  await expect(page.getByText("xss is Running")).toBeVisible({ timeout: 30_000 });
  await expect(row.locator("[data-stage=RUNNING]").last()).toBeVisible();
  await expect(row).not.toContainText("Restarting");
});

test("a rebuild of billed hardware says what it costs", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces?q=story-painter");
  const row = page.locator("[data-space='mira/story-painter']");
  await row.getByRole("button", { name: /^Actions/ }).click();
  await page.getByRole("menuitem", { name: "Factory rebuild" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("without caches");
  await expect(dialog).toContainText(/\$\d+\.\d\d an hour/);
  await dialog.getByRole("button", { name: "Factory rebuild" }).click();
  await expect(row).toContainText("Rebuilding");
  await expect(page.getByText("story-painter is Running")).toBeVisible({ timeout: 30_000 });
});

test("waking a Space that rests warns of the free slots", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces?q=on-hold");
  const row = page.locator("[data-space='jonas-b/on-hold']");
  await row.getByRole("button", { name: /^Restart/ }).click();
  await expect(page.getByRole("dialog")).toContainText("no CPU slot left");
});
