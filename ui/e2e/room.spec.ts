import { expectRoom, withLongerTexts } from "./support/layout";
import { PAGES } from "./support/pages";
import { expect, open, test } from "./support/test";

for (const { what, viewport, longer } of [
  { what: "at 200 % zoom", viewport: { width: 720, height: 450 }, longer: false },
  { what: "with texts 40 % longer", viewport: { width: 1280, height: 800 }, longer: true },
  {
    what: "with texts 40 % longer on a phone",
    viewport: { width: 390, height: 844 },
    longer: true,
  },
]) {
  test(`everything has room ${what}`, async ({ page, server, session }) => {
    test.setTimeout(240_000);
    if (longer) await withLongerTexts(page);
    await page.setViewportSize(viewport);
    for (const path of PAGES) {
      await open(page, { server, session }, path);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await page.waitForLoadState("load");
      await expectRoom(page, path);
    }
  });
}

test("who wants no motion sees none", async ({ page, server, session }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page, { server, session }, "/spaces");
  await expect(page.locator("[data-space]").first()).toBeVisible();
  await page.getByRole("button", { name: "Appearance and language" }).click();
  await expect(page.getByRole("menu")).toBeVisible();
  const moving = await page.evaluate(() =>
    document
      .getAnimations()
      .filter((it) => Number(it.effect?.getComputedTiming().activeDuration) > 50)
      .map((it) => (it.effect as KeyframeEffect).target?.className),
  );
  expect(moving).toEqual([]);
});
