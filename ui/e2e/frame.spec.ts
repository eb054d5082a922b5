import { gzipSync } from "node:zlib";
import { expectNoFault } from "./support/axe";
import { PAGES } from "./support/pages";
import { expect, open, signIn, test } from "./support/test";

test("language and theme change at once and stay", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces");
  const menu = page.getByRole("button", { name: "Appearance and language" });
  await menu.click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await menu.click();
  await page.getByRole("menuitemradio", { name: "简体中文" }).click();
  await expect(page.getByRole("link", { name: "设置", exact: true })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await page.reload();
  await expect(page.getByRole("link", { name: "设置", exact: true })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("a server that goes away is noticed, and its return too", async ({
  page,
  serve,
  hub,
  folder,
}) => {
  const env = { HF_USER: `mira:${hub.token("mira/space-manager")}` };
  const server = await serve(env, folder);
  await signIn(page, server);
  const row = page.locator("[data-space='mira/story-painter']");
  await expect(row).toBeVisible();
  await expect(page.locator("[data-connection=live]")).toBeVisible();

  expect(await server.stop()).toBe(0);
  await expect(page.locator("[data-connection=lost]").first()).toContainText("Reconnecting");
  await expect(row).toBeVisible();

  await serve({ ...env, HFSM_PORT: new URL(server.address).port }, folder);
  await expect(page.locator("[data-connection=live]")).toBeVisible({ timeout: 30_000 });
});

test("accounts say how they are, and can be checked", async ({ page, server, session }) => {
  await open(page, { server, session }, "/accounts");
  await expect(page).toHaveURL(/\/settings\/accounts$/);
  const mira = page.locator("[data-account=mira]");
  await expect(mira.locator("[data-status=fine]")).toBeVisible();
  await expect(mira).toContainText("northwind-lab");
  await mira.getByRole("button", { name: "Check now" }).click();
  await expect(page.getByText("The Hub takes the token of mira")).toBeVisible();
});

for (const theme of ["light", "dark"] as const) {
  for (const path of PAGES) {
    test(`axe finds no fault on ${path}, ${theme}`, async ({ page, server, session }) => {
      await page.emulateMedia({ colorScheme: theme });
      await open(page, { server, session }, path);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await page.waitForLoadState("load");
      await expectNoFault(page, path);
    });
  }
}

test("everything fits a phone and can be hit with a thumb", async ({ page, server, session }) => {
  test.setTimeout(240_000);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of PAGES) {
    await open(page, { server, session }, path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth),
      path,
    ).toBeLessThanOrEqual(390);
    // A field inside a larger label is hit through the label.
    const small = await page
      .locator("button:visible, a[class*='rounded-control']:visible, input:visible")
      .evaluateAll((elements) =>
        elements
          .filter(
            (element) =>
              !element.closest("[data-sonner-toaster]") &&
              !(element instanceof HTMLInputElement && element.closest("label")),
          )
          .map((element) => ({
            height: element.getBoundingClientRect().height,
            html: element.outerHTML.slice(0, 120),
          }))
          .filter(({ height }) => height > 1 && height < 39.5),
      );
    expect(small, path).toEqual([]);
  }
});

test("the whole list can be used with the keyboard alone", async ({ page, server, session }) => {
  await open(page, { server, session }, "/spaces?q=story-painter");
  await expect(page.locator("[data-space='mira/story-painter']")).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.getByRole("link", { name: "Story Painter", exact: true }).focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Restart Story Painter" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Restart Story Painter" })).toBeFocused();
});

test("the first screen needs less than 150 KB of script, and nothing from elsewhere", async ({
  page,
  server,
  session,
}) => {
  const elsewhere: string[] = [];
  const scripts: Promise<number>[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(server.address)) elsewhere.push(request.url());
  });
  page.on("response", (response) => {
    if (!response.url().endsWith(".js")) return;
    // Compressed here, because how hard a server or a proxy tries is its own affair.
    scripts.push(response.body().then((body) => gzipSync(body).length));
  });
  await open(page, { server, session }, "/spaces");
  await expect(page.getByRole("table")).toBeVisible();
  const sizes = await Promise.all(scripts);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(150_000);
  expect(elsewhere).toEqual([]);
});
