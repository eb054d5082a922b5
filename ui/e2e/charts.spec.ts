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
