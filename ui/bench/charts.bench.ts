import { expect, quick, test } from "./bench";
import { MainThread } from "./main-thread";
import { percentile } from "./row";

const POINTS = 600;
/** The browser clears up its whole heap in one or two seconds of fifty: fewer say little of them. */
const SECONDS = quick ? 150 : 600;
const SPACE = "salt-and-pixel/render-farm";

test("live charts of 600 points", async ({ page, demo: { server }, row }) => {
  // A server that has just started remembers a few seconds; what it says is continued backwards.
  await page.route(`**/api/v1/spaces/${SPACE}/metrics`, async (route) => {
    const points = (await (await route.fetch()).json()) as { at: string }[];
    const [first] = points;
    if (!first) return route.abort();
    const begin = Date.parse(first.at);
    const before = Array.from({ length: POINTS }, (_, n) => ({
      ...first,
      at: new Date(begin - (POINTS - n) * 1000).toISOString(),
      cpu_pct: 50 + 40 * Math.sin(n / 9),
    }));
    return route.fulfill({ json: [...before, ...points] });
  });
  await page.goto(`${server.address}/spaces/${SPACE}`);
  await expect(page.locator("[data-chart]").first()).toBeVisible();
  await page.reload(); // By now the server has points to begin with.
  const charts = page.locator("[data-chart]");
  await expect(charts.first()).toBeVisible();
  await page.waitForTimeout(5_000); // Until code is compiled.
  const main = await MainThread.of(page);
  const figures = await main.eachSecond(SECONDS);
  const count = await charts.count();
  expect(count).toBeGreaterThanOrEqual(6);
  row({
    work: `${count} live charts of ${POINTS} points: main thread a second, p95`,
    atMost: 15,
    measured: percentile(figures, 0.95),
    unit: "ms",
    note: `median ${percentile(figures, 0.5).toFixed(1)} ms, with all else on the page`,
  });
});
