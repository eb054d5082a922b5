import { expect, open, signIn, test } from "./support/test";

test("notifications are chosen, and quiet is asked for and ended", async ({ page, serve, hub }) => {
  const server = await serve({ HF_USER: `mira:${hub.token("mira/space-manager")}` });
  await signIn(page, server);
  await page.goto(`${server.address}/settings/notifications`);
  const asleep = page.getByRole("switch", { name: "A Space fell asleep" });
  await asleep.click();
  await expect(asleep).toHaveAttribute("aria-checked", "false");
  await page.getByRole("switch", { name: "Tell me" }).click();
  await expect(asleep).toBeDisabled();
  await page.reload();
  await expect(page.getByRole("switch", { name: "Tell me" })).toHaveAttribute(
    "aria-checked",
    "false",
  );

  await expect(page.getByText("Nothing is muted.")).toBeVisible();
  await page.getByRole("button", { name: "Mute everything" }).click();
  await page.getByRole("menuitem", { name: "for 1 hr" }).click();
  const all = page.locator("[data-mute=everything]");
  await expect(all).toContainText("ends in");
  await all.getByRole("button", { name: "Unmute" }).click();
  await expect(page.getByText("Nothing is muted.")).toBeVisible();
});

test("a Space is muted from its menu and says so", async ({ page, serve, hub }) => {
  const server = await serve({ HF_USER: `mira:${hub.token("mira/space-manager")}` });
  await signIn(page, server);
  await page.goto(`${server.address}/spaces/mira/story-painter`);
  await page.getByRole("button", { name: "Actions for Story Painter" }).click();
  await page.getByRole("menuitem", { name: "Mute for an hour" }).click();
  await expect(page.locator("[data-muted]")).toContainText("muted until");
  await page.goto(`${server.address}/settings/notifications`);
  await expect(page.locator("[data-mute='mira/story-painter']")).toBeVisible();
  await page.goBack();
  await page.getByRole("button", { name: "Actions for Story Painter" }).click();
  await page.getByRole("menuitem", { name: "Unmute" }).click();
  await expect(page.locator("[data-muted]")).toHaveCount(0);
});

test("history is kept for as long as asked, within reason", async ({ page, serve }) => {
  const server = await serve();
  await signIn(page, server);
  await page.goto(`${server.address}/settings/data`);
  const days = page.getByRole("spinbutton", { name: "Keep stage changes" });
  await days.fill("0");
  await expect(page.getByRole("alert")).toContainText("from 1 to 3650");
  await days.fill("30");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("button", { name: "Save" })).toHaveCount(0);
  await page.reload();
  await expect(days).toHaveValue("30");

  const metrics = page.getByRole("spinbutton", { name: "Keep metrics" });
  await metrics.fill("400");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("button", { name: "Save" })).toHaveCount(0);
  const collect = page.getByRole("switch", { name: "Collect metrics all the time" });
  await expect(collect).not.toBeChecked();
  await collect.click();
  await expect(collect).toBeChecked();
  await page.reload();
  await expect(metrics).toHaveValue("400");
  await expect(collect).toBeChecked();
  await expect(days).toHaveValue("30");
});

test("diagnostics tell how the program is, and nobody's name", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/settings/about");
  const text = page.getByRole("region", { name: "Diagnostics" });
  await expect(text).toContainText("healthy: yes");
  await expect(text).toContainText(/account 2: \w+ token, fine, \d+ of \d+ requests left/);
  await expect(text).not.toContainText(/mira|jonas/);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as a file" }).click();
  expect((await download).suggestedFilename()).toBe("space-manager-diagnostics.txt");
});

test("what belongs to the desktop is not offered in a browser", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/settings");
  await expect(page).toHaveURL(/\/settings\/accounts$/);
  const tabs = page.getByRole("navigation", { name: "Settings" });
  await expect(tabs.getByRole("link", { name: "Accounts" })).toHaveAttribute(
    "aria-current",
    "page",
  );
  for (const name of ["Remote access", "Desktop", "Tokens"]) {
    await expect(tabs.getByRole("link", { name, exact: true })).toHaveCount(0);
  }
  await page.goto(`${server.address}/settings/remote`);
  await expect(page.getByText("another kind of program")).toBeVisible();
});
