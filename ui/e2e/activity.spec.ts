import { readFile } from "node:fs/promises";
import { expect, open, test } from "./support/test";

test("activity is filtered, stays filtered in the address, and is saved as it is filtered", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/activity");
  const lines = page.locator("[data-activity]");
  await expect(lines.first()).toBeVisible();
  await page.getByRole("button", { name: "Filter by What" }).click();
  await page.getByRole("menuitemradio", { name: "Sign-in" }).click();
  await expect(page).toHaveURL(/\?kind=sign_in$/);
  await expect(lines.first()).toContainText("signed in from 127.0.0.1");
  await expect(page.locator("[data-activity]:not([data-activity=sign_in])")).toHaveCount(0);

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitemradio", { name: "CSV" }).click();
  const saved = await download;
  expect(saved.suggestedFilename()).toMatch(/^activity-\d{4}-\d\d-\d\d\.csv$/);
  const [head, ...rows] = (await readFile(await saved.path(), "utf8")).trimEnd().split("\r\n");
  expect(head).toContain('"time","actor","actor_name","kind"');
  expect(rows.length).toBe(await lines.count());
  for (const row of rows) expect(row).toContain('"sign_in"');

  await page.getByRole("button", { name: "Filter by Outcome" }).click();
  await page.getByRole("menuitemradio", { name: "failed" }).click();
  await expect(page).toHaveURL(/\?kind=sign_in&outcome=failed$/);
  await expect(page.getByText("No line of the activity fits all of the filters.")).toBeVisible();
  await page.reload();
  await expect(page.getByRole("button", { name: "Filter by Outcome" })).toContainText("failed");
  await page.getByRole("main").getByRole("button", { name: "Clear the filter" }).last().click();
  await expect(lines.first()).toBeVisible();
  await expect(page).toHaveURL(/\/activity$/);

  await page.getByRole("button", { name: "Filter by Who" }).click();
  await page.getByRole("menuitemradio", { name: "A person who signed in" }).click();
  await expect(page).toHaveURL(/\?actor=person$/);
});

test.describe("in Chinese", () => {
  test.use({ locale: "zh-CN" });

  test("the activity list says what the program recorded in the person's language", async ({
    page,
    server,
    session,
  }) => {
    await open(page, { server, session }, "/activity?kind=sign_in");
    await expect(page.locator("[data-activity=sign_in]").first()).toContainText(
      "登录地址 127.0.0.1",
    );
    await expect(page.getByRole("main")).not.toContainText("signed in");
  });
});
