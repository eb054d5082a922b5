import { expect, test } from "./bench";
import { MainThread } from "./main-thread";
import { settled, timeToPaint } from "./painted";
import { percentile } from "./row";

/** Parts of names, so that each key leaves fewer, and each that is taken back shows more. */
const TYPED = ["971", "503", "864", "129", "735"];

test("typing in the filter over 1,000 Spaces", async ({ page, thousand: { server }, row }) => {
  await page.goto(`${server.address}/spaces`);
  await expect(page.locator("[data-space]").first()).toBeVisible();
  const filter = page.getByRole("searchbox");
  await filter.focus();
  const main = await MainThread.of(page);
  const [times, works]: [number[], number[]] = [[], []];
  for (const text of TYPED) {
    for (const key of [...text, ...[...text].map(() => "Backspace")]) {
      const before = await main.worked();
      times.push(
        await timeToPaint(page, ["keydown", "[role=table]", "aria-rowcount"], () =>
          filter.press(key),
        ),
      );
      works.push((await main.worked()) - before);
      await settled(page);
    }
  }
  await expect(page.getByRole("table")).toHaveAttribute("aria-rowcount", "1002");
  row({
    work: "a key in the filter over 1,000 Spaces: until it is painted, p95",
    atMost: 50,
    measured: percentile(times, 0.95),
    unit: "ms",
    note: `median ${percentile(times, 0.5).toFixed(1)} ms, of it main thread ${percentile(works, 0.5).toFixed(1)} ms`,
  });
});
