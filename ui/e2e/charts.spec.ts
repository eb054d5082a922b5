import { expectNoFault } from "./support/axe";
import { expect, open, test } from "./support/test";

const PAGE = "/spaces/northwind-lab/search-api";

test("charts are drawn closer by a drag, and read as a table", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, PAGE);
  const cpu = page.getByRole("region", { name: /^CPU: \d+ %/ });
  await expect(cpu.locator("canvas")).toBeVisible();
  await expect(cpu.getByText(/: between \d+ % and \d+ %, \d+ % on average\./)).toHaveCount(1);

  const plot = await cpu.locator(".u-over").boundingBox();
  if (!plot) throw new Error("the chart has no plot");
  const y = plot.y + plot.height / 2;
  await page.mouse.move(plot.x + plot.width * 0.3, y);
  await page.mouse.down();
  await page.mouse.move(plot.x + plot.width * 0.7, y, { steps: 5 });
  await page.mouse.up();
  const back = page.getByRole("button", { name: "Show all again" });
  await expect(back).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(back).toHaveCount(0);

  await page.getByRole("button", { name: "As a table" }).click();
  await expect(page).toHaveURL(/\?show=table$/);
  const table = page.getByRole("region", { name: "What the charts show, as a table" });
  await expect(table.getByRole("columnheader", { name: /^CPU/ }).first()).toBeVisible();
  await expect(table.getByRole("row").nth(1)).toContainText("%");
});

for (const theme of ["light", "dark"] as const) {
  test(`what is kept is shown by its range, which is in the address, ${theme}`, async ({
    page,
    server,
    session,
  }) => {
    await page.emulateMedia({ colorScheme: theme });
    await open(page, { server, session }, PAGE);
    await expect(page.getByRole("region", { name: /^CPU: \d+ %/ })).toBeVisible();
    await page.getByRole("button", { name: "1 hr" }).click();
    await expect(page).toHaveURL(/\?range=1h$/);
    const kept = page
      .locator("[data-chart=cpu]")
      .or(page.getByText("Nothing is kept of this time"));
    await expect(kept.first()).toBeVisible();
    await page.reload();
    await expect(page.getByRole("button", { name: "1 hr" })).toHaveAttribute(
      "aria-pressed",
      "true",
    );
    await page.getByRole("button", { name: "As a table" }).click();
    await expectNoFault(page);
  });
}

test("a moment is chosen by keyboard, drawn closer to, and its log lines are read", async ({
  page,
  hub,
  server,
  session,
}) => {
  await open(page, { server, session }, PAGE);
  const cpu = page.getByRole("region", { name: /^CPU: \d+ %/ });
  await expect(cpu.locator("canvas")).toBeVisible();
  await expect(cpu.getByText(/: between \d+ % and \d+ %/)).toHaveCount(1);
  await page.keyboard.press("+");
  await expect(page.getByRole("button", { name: "Show all again" })).toBeVisible();
  await page.keyboard.press("0");
  await expect(page.getByRole("button", { name: "Show all again" })).toHaveCount(0);

  await page.keyboard.press(",");
  await expect(page.getByRole("status").filter({ hasText: /CPU .*\d+ %/ })).toHaveCount(1);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toContainText("Choose an earlier moment");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await hub.control("/spaces/northwind-lab/search-api/log", {
    method: "POST",
    body: JSON.stringify({ line: "a line since the chosen moment" }),
  });
  await page.getByRole("link", { name: /^Logs at \d\d:\d\d:\d\d$/ }).click();
  await expect(page).toHaveURL(/\/search-api\/logs\?.*at=/);
  await expect(page.locator("[data-current-match]")).toHaveCount(1);
});

test("logs that do not go back so far say so", async ({ page, server, session }) => {
  await open(page, { server, session }, `${PAGE}/logs?at=2020-01-01T00:00:00Z`);
  await expect(
    page.getByText(/^The log goes back to .*; what was before is not kept\.$/),
  ).toBeVisible();
});

test.describe("on a phone, in Chinese", () => {
  test.use({ viewport: { width: 390, height: 844 }, locale: "zh-CN", hasTouch: true });

  test("charts fit, a tap chooses a moment, and nothing is at fault", async ({
    page,
    server,
    session,
  }) => {
    await open(page, { server, session }, PAGE);
    const plot = page.locator("[data-chart=cpu] .u-over");
    await expect(plot).toBeVisible();
    await expect(page.locator("[data-chart=cpu]").getByText(/：介于/)).toHaveCount(1);
    await plot.click();
    await expect(page.getByRole("link", { name: /的日志$/ })).toBeVisible();
    await expectNoFault(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(390);
  });
});
