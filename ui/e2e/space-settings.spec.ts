import { expectNoFault } from "./support/axe";
import { expect, open, signIn, test } from "./support/test";

test("hardware is chosen by its price, asked for first, and followed", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/spaces/mira/unicode-title/settings");
  const row = (flavor: string) => page.locator(`[data-flavor="${flavor}"]`);
  await expect(row("cpu-basic")).toContainText("Current");
  await expect(row("cpu-basic").getByRole("button")).toHaveCount(0);
  await expect(row("t4-small")).toContainText("T4, 16 GB");
  await expect(row("t4-small")).toContainText("$0.40");
  await expect(page.locator("#sleep-time")).toContainText("The Hub fixes this for CPU Basic");

  await page.getByRole("button", { name: "Choose Nvidia T4 - small" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("bills $0.40 an hour from the moment that it starts");
  await expect(dialog).toContainText("A day without sleep is $9.60");
  await dialog.getByRole("combobox", { name: /^Sleep time/ }).click();
  await page.getByRole("option", { name: "after 1 hr idle" }).click();
  await dialog.getByRole("button", { name: "Change hardware" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(row("t4-small")).toContainText("Requested");
  await expect(row("t4-small")).toContainText("Current", { timeout: 30_000 });
  await expect(page.locator("#sleep-time [data-sleep-time='3600']")).toBeVisible();
  await expect(page.getByText("unicode-title: hardware is now t4-small")).toBeVisible();

  await page.locator("#sleep-time").getByRole("combobox").click();
  await page.getByRole("option", { name: "never sleeps" }).click();
  await expect(page.locator("#sleep-time")).toContainText("a day costs $9.60");

  // The other way to be awake needs visits only where the Hub lets the Space fall asleep.
  await page.locator("#sleep-time").getByRole("combobox").click();
  await page.getByRole("option", { name: "after 1 hr idle" }).click();
  await page.getByRole("link", { name: "Automation" }).click();
  const keep = page.locator("[data-keep-alive]");
  await keep.getByRole("button", { name: "Keep awake" }).click();
  await expect(keep).toContainText("now: after 1 hr idle");
  await expect(keep).toContainText("a day costs $9.60");
  await keep.getByRole("button", { name: "Never sleep" }).click();
  await expect(keep.getByRole("button", { name: "Never sleep" })).toHaveCount(0);
  await page.getByRole("link", { name: "Settings" }).last().click();
  await expect(page.locator("#sleep-time [data-sleep-time='never']")).toBeVisible();

  await page.getByRole("button", { name: "Choose CPU Basic" }).click();
  await expect(dialog).toContainText("It then costs nothing");
  await dialog.getByRole("button", { name: "Change hardware" }).click();
  await expect(row("cpu-basic")).toContainText("Current", { timeout: 30_000 });
});

test("what the Hub refuses is said in the question, with what was known before", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/spaces/jonas-b/receipt-reader/settings");
  await page.getByRole("button", { name: "Choose CPU Upgrade" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("The Hub knows no way of payment for jonas-b");
  await expect(dialog).toContainText("It may lose its free place");
  await dialog.getByRole("button", { name: "Change hardware" }).click();
  await expect(dialog.getByRole("alert")).toContainText("payment method");
  await dialog.getByRole("button", { name: "Cancel" }).click();

  await expect(page.locator("#dev-mode")).toContainText("No such plan is known of jonas-b");
  await page.getByRole("switch", { name: "Dev mode" }).click();
  await dialog.getByRole("button", { name: "Switch on" }).click();
  await expect(dialog.getByRole("alert")).toContainText("PRO");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("switch", { name: "Dev mode" })).not.toBeChecked();
});

test("dev mode is switched on and off, and says how to get in", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/spaces/mira/status-board/settings");
  const dev = page.getByRole("switch", { name: "Dev mode" });
  await dev.click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("The Space restarts");
  await dialog.getByRole("button", { name: "Switch on" }).click();
  await expect(dev).toBeChecked();
  await expect(page.locator("#dev-mode")).toContainText("ssh mira-status-board@ssh.hf.space");
  await expect(page.getByRole("link", { name: "Open in VS Code on the Hub" })).toHaveAttribute(
    "href",
    /\/spaces\/mira\/status-board\/dev-mode\/vscode-web/,
  );
  await expect(page.getByText("status-board: dev mode is on")).toBeVisible({ timeout: 30_000 });
  await dev.click();
  await dialog.getByRole("button", { name: "Switch off" }).click();
  await expect(dev).not.toBeChecked();
});

test("what may not be changed is shown all the same, with the reason", async ({
  page,
  hub,
  serve,
}) => {
  const server = await serve({ HF_USER: `mira:${hub.token("mira/space-manager")}` });
  await signIn(page, server);
  await page.goto(`${server.address}/spaces/open-atlas/rag-backend/settings`);
  await expect(page.getByText("No token here may act on this Space.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Choose CPU Upgrade" })).toBeDisabled();
  await expect(page.getByRole("switch", { name: "Dev mode" })).toBeDisabled();
  await page.goto(`${server.address}/spaces/mira/docs/settings`);
  await expect(page.getByText("there is no hardware to choose")).toBeVisible();
  await expect(page.getByRole("link", { name: "Open its settings on the Hub" })).toBeVisible();
});

test("the palette leads to the hardware of a Space", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces");
  await expect(page.getByRole("row").nth(1)).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("hardware zero chat");
  await expect(page.getByRole("option").first()).toContainText("Hardware and sleep time");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/spaces\/mira\/zero-chat\/settings$/);
});

test.describe("on a phone, in Chinese", () => {
  test.use({ viewport: { width: 390, height: 844 }, locale: "zh-CN" });

  for (const theme of ["light", "dark"] as const) {
    test(`the settings of a Space fit and have no fault, ${theme}`, async ({
      page,
      server,
      session,
    }) => {
      await page.emulateMedia({ colorScheme: theme });
      await open(page, { server, session }, "/spaces/northwind-lab/nightly-trainer/settings");
      await expect(page.locator("[data-flavor=l40sx4]")).toContainText("当前");
      await expect(page.locator("#dev-mode")).toContainText("ssh northwind-lab-nightly-trainer@");
      await expectNoFault(page);
      await page.locator("[data-flavor=t4-small]").getByRole("button").click();
      await expect(page.getByRole("dialog")).toContainText("每小时 $0.40");
      await expectNoFault(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide).toBeLessThanOrEqual(390);
    });
  }
});
