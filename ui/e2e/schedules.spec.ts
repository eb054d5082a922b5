import type { Page } from "@playwright/test";
import { expectNoFault } from "./support/axe";
import { makeJob, nightly, removeJobs, runJob } from "./support/jobs";
import { expect, open, test } from "./support/test";

const HOSTILE = "<img src=x onerror=alert(1)>";

/** Goes to another page of the same server. */
const go = (page: Page, path: string) => page.goto(new URL(path, page.url()).href);

test.beforeEach(async ({ page, server, session }) => {
  await open(page, { server, session }, "/schedules");
  await removeJobs(page);
});

test("a job is made with its next times in sight, and stands in the list and on the strip", async ({
  page,
}) => {
  await page.reload();
  await expect(page.getByText("No jobs yet")).toBeVisible();
  await page.getByRole("link", { name: "New job" }).first().click();
  const editor = page.locator("[data-job-editor]");

  await editor.getByRole("button", { name: "Create job" }).click();
  await expect(editor.getByText("Choose at least one Space.")).toBeVisible();
  await editor.getByPlaceholder("Filter Spaces").fill("label-studio");
  await editor.locator("[data-choice='jonas-b/label-studio']").click();
  await expect(editor.locator("[data-chosen='jonas-b/label-studio']")).toBeVisible();
  await expect(editor.getByText("Choose at least one Space.")).toBeHidden();

  const times = editor.locator("[data-next-times]");
  await expect(times).toContainText("Every day at 04:00");
  await expect(times.getByRole("listitem")).toHaveCount(5);
  await editor.getByRole("textbox", { name: "Cron expression" }).fill("0 0 30 2 *");
  await expect(editor.getByRole("alert")).toContainText("no time ever matches");
  await editor.getByRole("button", { name: "Monday to Friday at 08:00" }).click();
  await expect(times.getByRole("listitem").first()).toContainText("08:00 GMT");

  await editor.getByRole("textbox", { name: "Name" }).fill(HOSTILE);
  await editor.getByRole("button", { name: "Create job" }).click();
  await expect(page).toHaveURL(/\/schedules$/);
  const row = page.getByRole("row").filter({ hasText: HOSTILE });
  await expect(row).toContainText("Monday to Friday at 08:00");
  await expect(row).toContainText("Label Studio");
  await expect(page.locator("img[src=x]")).toHaveCount(0);

  const id = (await row.getAttribute("data-job")) ?? "";
  await go(page, `/schedules/${id}`);
  await editor.getByRole("button", { name: "Every so often" }).click();
  await editor.getByRole("spinbutton", { name: "Every so often" }).fill("3");
  await expect(times).toContainText("Every 3 hr");
  await editor.getByRole("button", { name: "Save" }).click();
  await expect(page.locator(`[data-upcoming='${id}']`)).toContainText(HOSTILE);
  await expect(row).toContainText("Every 3 hr");
});

test("times of another zone are told in both, across the change of summer time", async ({
  page,
}) => {
  await go(page, "/schedules/new");
  const editor = page.locator("[data-job-editor]");
  await editor.getByRole("textbox", { name: "Cron expression" }).fill("30 2 * 3 0");
  const zone = editor.getByRole("combobox", { name: "Time zone" });
  await zone.fill("new york");
  await page.getByRole("option", { name: "America/New_York" }).click();
  await expect(zone).toHaveValue("America/New_York");
  const first = editor.locator("[data-next-times]").getByRole("listitem").first();
  // A Sunday in March, early in New York and later in Paris.
  await expect(first).toContainText(/Sun, Mar \d+, \d{4}, 0[78]:30 GMT\+1/);
  await expect(first).toContainText(/02:30 UTC-0[45]:00/);
  await zone.fill("Europe/Atlantis");
  await expect(editor.getByRole("alert")).toContainText("no time zone");
});

test("a job runs now, its runs are told as they go, and one can be looked at", async ({ page }) => {
  const id = await makeJob(page, {
    ...nightly("Visit the studio", "jonas-b/label-studio"),
    action: { type: "visit" },
  });
  const row = page.locator(`[data-job='${id}']`);
  await row.getByRole("button", { name: /^Actions/ }).click();
  await page.getByRole("menuitem", { name: "Run now" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Run now" }).click();
  await expect(row.locator("[data-last=done]")).toBeVisible({ timeout: 30_000 });

  await row.locator("[data-last]").click();
  await expect(page).toHaveURL(new RegExp(`/schedules/runs\\?job=${id}`));
  const run = page.locator("[data-run]");
  await expect(run).toHaveCount(1);
  await run.getByRole("link").click();
  await expect(page.getByRole("heading", { name: "Done" })).toBeVisible();
  await expect(page.locator("[data-step=answered]")).toContainText("HTTP 200");
  await expect(page.getByText("Planned")).toBeVisible();
});

test("a run that was refused says why, and the filter of the address finds it", async ({
  page,
}) => {
  const id = await makeJob(page, nightly("Restart the paused", "jonas-b/on-hold"));
  await runJob(page, id);
  await go(page, "/schedules/runs");
  await page.getByRole("button", { name: "Filter by Job" }).click();
  await page.getByRole("menuitemradio", { name: "Restart the paused" }).click();
  await expect(page).toHaveURL(new RegExp(`job=${id}`));
  const run = page.locator("[data-run]");
  await expect(run).toHaveCount(1);
  await expect(run).toContainText("stays paused");
  await go(page, `/schedules/runs?job=${id}&state=done`);
  await expect(page.getByText("Nothing matches")).toBeVisible();
  await page.locator(".card").getByRole("button", { name: "Clear the filter" }).click();
  await expect(page).toHaveURL(/\/schedules\/runs$/);
  await go(page, "/schedules/runs/none-of-that-name");
  await expect(page.getByText("This run is not here")).toBeVisible();
});

test("a job is paused, duplicated and, after a question, deleted", async ({ page }) => {
  const id = await makeJob(page, nightly("Nightly", "jonas-b/label-studio"));
  const row = page.locator(`[data-job='${id}']`);
  await row.getByRole("switch").click();
  await expect(row).toContainText("paused");
  await row.getByRole("switch").click();
  await expect(row).toContainText("04:00");

  await row.getByRole("button", { name: /^Actions/ }).click();
  await page.getByRole("menuitem", { name: "Duplicate" }).click();
  const copy = page.getByRole("row").filter({ hasText: "Nightly (copy)" });
  await expect(copy).toContainText("paused");
  await copy.getByRole("button", { name: /^Actions/ }).click();
  await page.getByRole("menuitem", { name: "Delete…" }).click();
  await expect(page.getByRole("dialog")).toContainText("its runs stay");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(copy).toHaveCount(0);
  await expect(row).toBeVisible();
});

test("all automation is paused and resumed, and every page says so", async ({ page }) => {
  await page.getByRole("button", { name: "Pause all" }).click();
  const banner = page.locator("[data-automation-paused]");
  await expect(banner).toContainText("Automation is paused");
  await go(page, "/spaces");
  await expect(banner).toBeVisible();
  await banner.getByRole("button", { name: "Resume" }).click();
  await expect(banner).toHaveCount(0);
});

test("selected Spaces are scheduled together, and the palette runs a job", async ({ page }) => {
  await go(page, "/spaces?q=label-studio");
  await page.locator("[data-space='jonas-b/label-studio']").getByRole("checkbox").click();
  await page.locator("[data-bulk-bar]").getByRole("link", { name: "Schedule…" }).click();
  await expect(page).toHaveURL(/\/schedules\/new\?space=/);
  await expect(page.locator("[data-chosen='jonas-b/label-studio']")).toBeVisible();

  const id = await makeJob(page, {
    ...nightly("Look after the studio", "jonas-b/label-studio"),
    action: { type: "visit" },
  });
  await page.keyboard.press("Control+k");
  await page.keyboard.type("run look after");
  await page.locator(`[data-command='run-job:${id}']`).click();
  await expect(page.getByRole("dialog")).toContainText("Visit: Label Studio");
  await page.getByRole("dialog").getByRole("button", { name: "Run now" }).click();
  await expect(page.getByText(/runs for 1 Space$/)).toBeVisible();
});

/** One of each kind of page, with something on it. */
async function pagesWithJobs(page: Page): Promise<string[]> {
  const id = await makeJob(page, nightly(HOSTILE, "jonas-b/label-studio"));
  await makeJob(page, {
    ...nightly("Often", "mira/ocr-arena"),
    trigger: { type: "every", seconds: 600, anchor: "2026-01-01T00:00:00Z" },
  });
  return ["/schedules", `/schedules/${id}`, "/schedules/runs", "/schedules/keep-alive"];
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`the pages have no fault that axe finds, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    for (const path of await pagesWithJobs(page)) {
      await go(page, path);
      await expect(page.getByText(/^Reading the /)).toHaveCount(0);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await expectNoFault(page, path);
    }
  });
}

test.describe("on a phone in Chinese", () => {
  test.use({ locale: "zh-CN", viewport: { width: 390, height: 844 }, hasTouch: true });

  test("the pages fit, and have no fault that axe finds", async ({ page }) => {
    for (const path of await pagesWithJobs(page)) {
      await go(page, path);
      await expect(page.getByRole("navigation", { name: "主导航" })).toContainText("定时任务");
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide, path).toBeLessThanOrEqual(390);
      await expectNoFault(page, path);
    }
  });
});
