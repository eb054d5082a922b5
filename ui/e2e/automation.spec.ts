import { expectNoFault } from "./support/axe";
import { expect, open, test } from "./support/test";

test("a Space is kept awake as a person chooses, and says when it is visited", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/spaces/jonas-b/label-studio/automation");
  const keep = page.locator("[data-keep-alive]");
  await keep.getByRole("button", { name: "Keep awake" }).click();
  await keep.getByRole("button", { name: "Fixed interval" }).click();
  const every = keep.getByRole("spinbutton", { name: "Visits" });
  await every.fill("0");
  await expect(keep.getByRole("alert")).toContainText("From a minute to 30 days.");
  await every.fill("2");
  await keep.getByRole("button", { name: "At these hours" }).click();
  await keep.getByRole("button", { name: "Saturday" }).click();
  await keep.getByRole("button", { name: "Save" }).click();
  await expect(keep.getByText("Kept awake")).toBeVisible();
  await page.reload();
  await expect(every).toHaveValue("2");
  await expect(keep.getByRole("button", { name: "Saturday" })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await expect(keep.getByText("Next visit")).toBeVisible();
  await expectNoFault(page);

  await page.goto(`${server.address}/spaces?q=label`);
  const next = page.locator("[data-space='jonas-b/label-studio'] [data-next]");
  await expect(next).toContainText("Visit · Keep awake");
  await page.goto(`${server.address}/spaces/jonas-b/label-studio`);
  await expect(page.locator("[data-automation-card]")).toContainText("Off");

  await page.goto(`${server.address}/schedules/keep-alive`);
  const kept = page.getByRole("region", { name: "Coming visits" });
  await expect(kept.getByRole("link")).toHaveCount(1);
  await expect(kept.getByRole("link")).toContainText("Label Studio");
  await expectNoFault(page);
  await kept.getByRole("link").click();
  await keep.getByRole("button", { name: "Let it sleep" }).click();
  await keep.getByRole("button", { name: "Save" }).click();
  await expect(keep.getByText("May fall asleep")).toBeVisible();
  await page.goBack();
  await expect(kept).toContainText("No Space is kept awake.");
});

test("a wake that may cost something asks, and is followed until the app answers", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/spaces/jonas-b/plant-doctor/automation");
  const wake = page.locator("[data-wake]");
  await wake.getByRole("button", { name: "Wake" }).click();
  const dialog = page.getByRole("dialog", { name: /^Wake / });
  await expect(dialog).toContainText("no paid plan");
  await dialog.getByRole("button", { name: "Wake" }).click();
  await expect(wake.locator("[data-step=answered]")).toContainText("HTTP 200", { timeout: 40_000 });
  await expect(wake.locator("[data-run=done]")).toBeVisible();
  await expect(wake.getByText("usually")).toBeVisible();
});

test("auto-heal is chosen for a Space within its limits, and says why it leaves one alone", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/spaces/jonas-b/crashed-scraper/automation");
  const heal = page.locator("[data-heal]");
  await heal.getByRole("button", { name: "Mend", exact: true }).click();
  const restarts = heal.getByRole("spinbutton", { name: "Restarts" });
  await restarts.fill("11");
  await expect(heal.getByRole("alert")).toContainText("from 1 to 10");
  await restarts.fill("2");
  await heal.getByRole("button", { name: "Save" }).click();
  await expect(heal.getByText("no paid plan")).toBeVisible();
  await page.goto(`${server.address}/schedules/auto-heal`);
  await expect(page.locator("[data-heal-choices]")).toContainText("jonas-b/crashed-scraper");
  await expect(page.locator("[data-heal-troubled]")).toContainText("Price scraper");
  await expectNoFault(page);
});
