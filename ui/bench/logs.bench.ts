import { FakeLogs } from "../e2e/support/fake-logs";
import { expect, test } from "./bench";
import { settled } from "./painted";

const LINES = 100_000;
const PART = 5_000;
const SPACE = "northwind-lab/search-api";

test("a log of 100,000 lines", async ({ page, demo: { server }, row }) => {
  // The simulated Hub keeps 2,000 lines of a log.
  const logs = await FakeLogs.start(page);
  for (let first = 0; first < LINES; first += PART) {
    const texts = Array.from(
      { length: PART },
      (_, n) =>
        `INFO:     10.0.${n % 256}.7 - "GET /items/${first + n} HTTP/1.1" 200 in ${n % 97} ms`,
    );
    logs.lines(texts, undefined, first);
  }
  await page.goto(`${server.address}/spaces/${SPACE}/variables`);
  const tab = page.locator(`a[href='/spaces/${SPACE}/logs']`).first();
  await expect(tab).toBeVisible();

  await page.evaluate((lines) => {
    window.painted = new Promise((resolve) => {
      let begun = NaN;
      addEventListener("click", (event) => (begun = event.timeStamp), {
        capture: true,
        once: true,
      });
      const look = () => {
        const shown = document.querySelector("[data-lines]")?.getAttribute("data-lines");
        if (shown !== String(lines)) requestAnimationFrame(look);
        else requestAnimationFrame(() => resolve(performance.now() - begun));
      };
      look();
    });
  }, LINES);
  await tab.click();
  const opened = await page.evaluate(() => window.painted);
  row({
    work: "a log of 100,000 lines: from the click until the last is painted",
    atMost: 1000,
    measured: opened ?? NaN,
    unit: "ms",
    note: "7 MB are read and parsed in it",
  });
  const lines = page.getByRole("group", { name: "Log lines" });
  await expect(lines.getByText(`/items/${LINES - 1} `)).toBeVisible();

  const searches: number[] = [];
  for (const [needle, found] of [
    ["/items/777", 111],
    ["in 96 ms", 1020],
    ["GET", LINES],
  ] as const) {
    await page.evaluate(
      (wanted) => {
        const status = document.querySelector("[role=search] [role=status]");
        if (!status) throw new Error("the search says nothing");
        window.painted = new Promise((resolve) => {
          let begun = NaN;
          addEventListener("input", (event) => (begun = event.timeStamp), {
            capture: true,
            once: true,
          });
          new MutationObserver((_, observer) => {
            if (!status.textContent?.trim().endsWith(wanted)) return;
            observer.disconnect();
            requestAnimationFrame(() => resolve(performance.now() - begun));
          }).observe(status, { childList: true, characterData: true, subtree: true });
        });
      },
      ` of ${found.toLocaleString("en")}`,
    );
    await page.getByRole("searchbox").fill(needle);
    searches.push((await page.evaluate(() => window.painted)) ?? NaN);
    await page.getByRole("searchbox").fill("");
    await settled(page);
  }
  row({
    work: "the same: from what is typed until its count is painted, worst",
    atMost: 200,
    measured: Math.max(...searches),
    unit: "ms",
    note: searches.map((ms) => ms.toFixed(0)).join(", ") + " ms",
  });

  const frames = await lines.evaluate(
    (element) =>
      new Promise<number>((resolve) => {
        let begun: number | null = null;
        let count = 0;
        const step = (at: number) => {
          begun ??= at;
          element.scrollTop = Math.max(0, element.scrollTop - 500);
          if (at - begun >= 4000) resolve((count / (at - begun)) * 1000);
          else {
            count += 1;
            requestAnimationFrame(step);
          }
        };
        requestAnimationFrame(step);
      }),
  );
  row({
    work: "the same: scrolled by 500 pixels a frame",
    atLeast: 59,
    measured: frames,
    unit: "frames/s",
  });
  await logs.stop();
});
