import { expect, quick, test } from "./bench";
import { MainThread } from "./main-thread";
import { settled, timeToPaint } from "./painted";
import { percentile } from "./row";

const MINUTES = quick ? 1 : 10;
const CLICKS = 20;

test("a table of 1,000 Spaces whose numbers all change once a second", async ({
  page,
  thousand: { server },
  row,
}) => {
  // The table asks for what is on screen only. Here it is made to take all.
  const spaces = Array.from(
    { length: 1000 },
    (_, n) => `bench/space-${String(n).padStart(4, "0")}`,
  );
  await page.route("**/api/v1/events/*/watch", (route) =>
    route.continue({ postData: JSON.stringify({ spaces }) }),
  );
  await page.goto(`${server.address}/spaces`);
  await expect(page.locator("[data-space]").first()).toContainText("%");
  await page.waitForTimeout(15_000); // Until a thousand streams are open, and code is compiled.

  const main = await MainThread.of(page);
  const figures = await main.eachSecond(20);
  const heap = await main.heap();
  const began = performance.now();
  figures.push(...(await main.eachSecond(MINUTES * 60)));
  const minutes = (performance.now() - began) / 60_000;
  row({
    work: "1,000 Spaces at 1 Hz, table on screen: main thread a second, p95",
    atMost: 25,
    measured: percentile(figures, 0.95),
    unit: "ms",
    note: `median ${percentile(figures, 0.5).toFixed(1)} ms`,
  });
  row({
    work: `the same: the heap grows in ${Math.round(minutes)} min`,
    atMost: 3,
    measured: ((await main.heap()) - heap) / 1e6,
    unit: "MB",
    note: `of ${(heap / 1e6).toFixed(1)} MB`,
  });

  const rows = page.locator("[data-space]");
  const times: number[] = [];
  let dropped = 0;
  for (let n = 0; n < CLICKS; n++) {
    const space = await rows.nth(n % 10).getAttribute("data-space");
    const selector = `[data-space='${space}']`;
    const before = await page.locator(selector).getAttribute("aria-selected");
    times.push(
      await timeToPaint(page, ["pointerdown", selector, "aria-selected"], () =>
        page.locator(selector).getByRole("checkbox").click(),
      ),
    );
    if ((await page.locator(selector).getAttribute("aria-selected")) === before) dropped += 1;
    await settled(page);
  }
  row({
    work: "the same: clicks without effect",
    atMost: 0,
    measured: dropped,
    unit: `of ${CLICKS}`,
  });
  row({
    work: "the same: from a click to its paint, worst",
    measured: Math.max(...times),
    unit: "ms",
    note: `median ${percentile(times, 0.5).toFixed(1)} ms`,
  });
});
