import { expect, test } from "./bench";
import { MainThread } from "./main-thread";
import { settled } from "./painted";
import { percentile } from "./row";

const TYPED = ["restart 0742", "space 91", "pause ben 3", "zzz"];

test("the palette over 1,000 Spaces", async ({ page, thousand: { server }, row }) => {
  await page.goto(`${server.address}/spaces`);
  await expect(page.locator("[data-space]").first()).toBeVisible();
  const main = await MainThread.of(page);
  const palette = page.getByRole("dialog", { name: "Command palette" });
  await page.keyboard.press("Control+k");
  await expect(palette).toBeVisible();
  await page.keyboard.type("warm"); // The first keys pay for the code that all need.
  const field = palette.getByRole("combobox");
  // To ask for frames and wait for them is work too, which no key causes.
  const looking: number[] = [];
  for (let n = 0; n < 20; n++) {
    const before = await main.worked();
    await settled(page);
    looking.push((await main.worked()) - before);
  }
  const idle = percentile(looking, 0.5);
  const works: number[] = [];
  for (const text of TYPED) {
    await field.fill("");
    await settled(page);
    for (const key of text) {
      const before = await main.worked();
      await page.keyboard.press(key === " " ? "Space" : key);
      await settled(page);
      works.push((await main.worked()) - before - idle);
    }
    await expect(field).toHaveValue(text);
  }
  row({
    work: "a key in the palette over 1,000 Spaces: main thread, p95",
    atMost: 16,
    measured: percentile(works, 0.95),
    unit: "ms",
    note: `median ${percentile(works, 0.5).toFixed(1)} ms, worst ${Math.max(...works).toFixed(1)} ms, without the ${idle.toFixed(1)} ms that looking takes`,
  });
});
