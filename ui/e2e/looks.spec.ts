import { FakeLogs } from "./support/fake-logs";
import { expect, open, test } from "./support/test";

// The shape of the main screens. What lives, and what each machine draws in its own way, is hidden:
// numbers, times, curves and emoji. What is left may differ by what smoothing makes of letters.
const STILL = `
  .num, time, canvas, svg[role=img], [role=meter], [aria-hidden=true]:not(svg),
  [data-sonner-toaster], [data-connection], [data-budget] { visibility: hidden !important }
  *, *::before, *::after { animation: none !important; transition: none !important; caret-color: transparent !important }
`;
const TOLERANCE = { threshold: 0.25, maxDiffPixelRatio: 0.005, animations: "disabled" } as const;

for (const theme of ["light", "dark"] as const) {
  test(`the main screens look as they did, ${theme}`, async ({ page, server, session }) => {
    test.setTimeout(180_000);
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width: 1100, height: 700 });
    const look = async (name: string) => {
      await page.addStyleTag({ content: STILL });
      await expect(page).toHaveScreenshot(`${name}-${theme}.png`, TOLERANCE);
    };

    await open(page, { server, session }, "/spaces?owner=northwind-lab");
    await expect(page.locator("[data-space='northwind-lab/search-api']")).toBeVisible();
    await look("spaces");

    await page.setViewportSize({ width: 390, height: 844 });
    await look("spaces-phone");
    await page.setViewportSize({ width: 1100, height: 700 });

    await open(page, { server, session }, "/spaces/northwind-lab/search-api");
    await expect(page.locator("[data-chart]").first()).toBeVisible();
    await look("space");

    const logs = await FakeLogs.start(page);
    logs.lines(["INFO: ready", "\u001b[33mWARNING\u001b[0m low on memory", "ERROR: out of memory"]);
    await open(page, { server, session }, "/spaces/northwind-lab/search-api/logs");
    await expect(page.getByText("out of memory")).toBeVisible();
    await look("logs");
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await logs.stop();

    await open(page, { server, session }, "/settings/appearance");
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await look("settings");

    await page.context().clearCookies();
    await page.goto(server.address);
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await look("sign-in");
  });
}
