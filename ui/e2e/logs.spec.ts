import { readFile } from "node:fs/promises";
import { expectNoFault } from "./support/axe";
import type { Page } from "@playwright/test";
import { FakeLogs } from "./support/fake-logs";
import { expect, open, test as base } from "./support/test";

const test = base.extend<{ logs: FakeLogs }>({
  logs: async ({ page }, use) => {
    const logs = await FakeLogs.start(page);
    await use(logs);
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await logs.stop();
  },
});

const ONE = "/spaces/northwind-lab/search-api/logs";
const regionOf = (page: Page) => page.getByRole("region", { name: "Logs", exact: true });
const linesOf = (page: Page) => page.getByRole("group", { name: "Log lines" });
const countOf = (page: Page) =>
  page.locator("[data-lines]").evaluate((element) => Number(element.getAttribute("data-lines")));

test("the logs of several Spaces are read as one, in the order of their times", async ({
  page,
  server,
  session,
  logs,
}) => {
  logs.lines(["one at 0", "one at 1"], "mira/story-painter");
  logs.lines(["two at 0.5"], "northwind-lab/search-api", 0.5);
  await open(
    page,
    { server, session },
    "/logs?space=mira/story-painter&space=northwind-lab/search-api",
  );
  const lines = linesOf(page);
  await expect(lines.getByText("one at 1")).toBeVisible();
  await expect(lines).toContainText(
    /story-painter.*one at 0.*search-api.*two at 0\.5.*story-painter.*one at 1/s,
  );
  const colours = await lines
    .getByTitle(/^(mira|northwind-lab)\//)
    .evaluateAll((names) => names.map((name) => getComputedStyle(name).color));
  expect(new Set(colours).size).toBe(2);
  expect(logs.asked[0]).toBe(
    "/api/v1/logs/run/stream?space=mira%2Fstory-painter&space=northwind-lab%2Fsearch-api&tail=50000",
  );

  logs.tell({ type: "waiting", space: "mira/story-painter", data: { reason: "it <b>sleeps</b>" } });
  const chip = page.locator("[data-source='mira/story-painter']");
  await expect(chip.getByRole("link")).toHaveAttribute("title", /it <b>sleeps<\/b>$/);
  await expect(regionOf(page).getByText("following")).toBeVisible();

  await page.getByRole("button", { name: "Leave out story-painter" }).click();
  await expect(page).toHaveURL(/\/logs\?space=northwind-lab%2Fsearch-api$/);
  await expect
    .poll(() => logs.asked.at(-1))
    .toContain("?space=northwind-lab%2Fsearch-api&tail=100000");
  await page.getByRole("button", { name: "Build" }).click();
  await expect(page).toHaveURL(/log=build/);
  await expect.poll(() => logs.asked.at(-1)).toContain("/logs/build/stream");
});

test("Spaces are chosen by keyboard alone, and are there again the next time", async ({
  page,
  server,
  session,
  logs,
}) => {
  logs.lines(["hello"], "mira/story-painter");
  await open(page, { server, session }, "/spaces");
  await expect(page.locator("[data-space]").first()).toBeVisible();
  await expect(async () => {
    await page.keyboard.type("gl");
    await expect(page).toHaveURL(/\/logs$/, { timeout: 2_000 });
  }).toPass();
  await expect(page.getByText("Several logs, read as one")).toBeVisible();
  await page.getByRole("button", { name: "Choose Spaces" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Choose Spaces" });
  await expect(dialog).toBeVisible();
  await page.keyboard.type("story p");
  await expect(dialog.getByRole("option")).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(dialog.getByText("1 of 20 at most")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(linesOf(page).getByText("hello")).toBeVisible();
  await expect(page).toHaveURL(/\?space=mira%2Fstory-painter$/);
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();

  await page.goto(`${server.address}/logs`);
  await expect(page.locator("[data-source='mira/story-painter']")).toBeVisible();
});

test("what a log says stays text", async ({ page, server, session, logs }) => {
  const hostile = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    "</span></div><h1>not a heading</h1>",
    "{{constructor.constructor('alert(1)')()}}",
    '\u001b[31m<b onmouseover="alert(1)">red</b>\u001b[0m',
    "\u001b]8;;javascript:alert(1)\u0007link\u001b]8;;\u0007",
    "null \u0000 bell \u0007 back \u0008 escape \u001b",
    "user\u202egnp.exe",
    "half a pair \ud83d and a replacement \ufffd",
    `a megabyte ${"x".repeat(1_000_000)}`,
    `coloured ${"\u001b[32mx\u001b[0m".repeat(100_000)}`,
    "Z\u0300\u0301\u0302\u0303".repeat(200),
    "the last line",
  ];
  logs.lines(hostile);
  await open(page, { server, session }, ONE);
  const lines = linesOf(page);
  await expect(lines.getByText("the last line")).toBeVisible();
  for (const text of hostile.slice(0, 6)) await expect(lines.getByText(text)).toBeVisible();
  await expect(lines.getByText('<b onmouseover="alert(1)">red</b>')).toBeVisible();
  await expect(lines.getByText("null ␀ bell ␇ back ␈ escape ␛")).toBeVisible();
  await expect(lines.getByText("user\ufffdgnp.exe")).toBeVisible();
  await expect(lines.locator("script, img, svg, h1, b, a")).toHaveCount(0);

  await page.getByRole("button", { name: "Wrap long lines" }).click();
  await expect(lines.getByText("the last line")).toBeVisible();
  await page.getByRole("searchbox").fill("x".repeat(30));
  await expect(page.getByRole("search").getByRole("status")).toHaveText("0 of 2");
  await page.getByRole("searchbox").fill("");

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  const saved = await readFile(await (await download).path(), "utf8");
  expect(saved.split("\n")).toHaveLength(hostile.length + 1);
  expect(saved).toContain(`2026-11-25T14:00:11.000Z a megabyte ${"x".repeat(1_000_000)}\n`);
  expect(saved).toContain('Z <b onmouseover="alert(1)">red</b>\n');
});

test("an expression that never ends is ended, and harms nothing", async ({
  page,
  server,
  session,
  logs,
}) => {
  logs.lines([`${"a".repeat(60)}!`, "a needle"]);
  await open(page, { server, session }, ONE);
  await expect(linesOf(page).getByText("a needle")).toBeVisible();
  const status = page.getByRole("search").getByRole("status");
  await page.getByRole("button", { name: "Regular expression" }).click();
  await page.getByRole("searchbox").fill("(a+)+$");
  await expect(status).toHaveText("takes too long");
  logs.lines(["it goes on"], undefined, 10);
  await expect(linesOf(page).getByText("it goes on")).toBeVisible();
  await page.getByRole("searchbox").fill("ne+d");
  await expect(status).toHaveText("0 of 1");
  await expect(linesOf(page).locator("mark")).toHaveText("need");
});

test("what is looked for is in the address, and found again", async ({
  page,
  server,
  session,
  logs,
}) => {
  logs.lines(["INFO: ready", "ERROR out of memory", "UserWarning: Out of range", "ERROR other"]);
  await open(page, { server, session }, ONE);
  await page.getByRole("button", { name: "Warnings" }).click();
  await page.getByRole("searchbox").fill("out of");
  await page.getByRole("button", { name: "Match case" }).click();
  await expect(page).toHaveURL(/\?level=warnings&find=out\+of&case=$/);
  await page.reload();
  await expect(page.getByRole("search").getByRole("status")).toHaveText("0 of 1");
  await expect(linesOf(page).locator("mark")).toHaveText("out of");
  expect(await countOf(page)).toBe(3);
  await page.goto("about:blank");
  await page.goBack();
  await expect(page.getByRole("searchbox")).toHaveValue("out of");
});

test("a hundred thousand lines are held by a handful of elements", async ({
  page,
  server,
  session,
  logs,
}) => {
  test.slow();
  for (let part = 0; part < 20; part++) {
    logs.lines(
      Array.from({ length: 5_000 }, (_, n) => `line ${part * 5_000 + n} of a log that is long`),
      undefined,
      part * 5_000,
    );
  }
  await open(page, { server, session }, ONE);
  const lines = linesOf(page);
  await expect(lines.getByText("line 99999 of")).toBeVisible();
  expect(await countOf(page)).toBe(100_000);
  await page.getByRole("searchbox").fill("line 777");
  await expect(page.getByRole("search").getByRole("status")).toHaveText("0 of 111");
  await page.keyboard.press("Enter");
  await expect(lines.locator("[data-current-match]")).toContainText("line 777 of");
  await lines.evaluate((element) => element.scrollTo({ top: element.scrollHeight / 2 }));
  await expect(lines.getByText(/^line 50\d\d\d of/).first()).toBeVisible();
  expect(await lines.locator("*").count()).toBeLessThan(300);

  // Lines that wrap keep what is read in view.
  const first = await lines
    .getByText(/^line \d+ of/)
    .nth(20)
    .textContent();
  await page.getByRole("button", { name: "Wrap long lines" }).click();
  await expect(lines.getByText(first ?? "")).toBeInViewport();
  await page.getByRole("button", { name: "Jump to newest" }).click();
  await expect(lines.getByText("line 99999 of")).toBeVisible();
});

for (const theme of ["light", "dark"] as const) {
  test(`axe finds nothing in the logs, ${theme}`, async ({ page, server, session, logs }) => {
    const colours = [...Array(108).keys()].map((n) => `\u001b[${n}mcolour ${n}\u001b[0m`);
    logs.lines([...colours, ...colours.map((it) => `\u001b[2m${it}`)], "mira/story-painter");
    logs.lines(["ERROR bad", "WARNING so so"], "mira/zero-chat", 300);
    await page.emulateMedia({ colorScheme: theme });
    await open(page, { server, session }, "/logs?space=mira/story-painter&space=mira/zero-chat");
    await expect(linesOf(page).getByText("WARNING so so")).toBeVisible();
    await page.getByRole("searchbox").fill("colour");
    await expectNoFault(page);
    await linesOf(page).evaluate((element) => element.scrollTo({ top: 600 }));
    await expectNoFault(page);
    await page.getByRole("button", { name: "Space", exact: true }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await expectNoFault(page);
  });
}

test.describe("on a phone, in Chinese", () => {
  test.use({ locale: "zh-CN", viewport: { width: 390, height: 844 }, hasTouch: true });

  test("logs are chosen, read and searched", async ({ page, server, session, logs }) => {
    logs.lines(["ERROR 内存不足", "x".repeat(200)], "mira/story-painter");
    await open(page, { server, session }, "/logs");
    await page.getByRole("button", { name: "选择 Space" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("combobox").fill("story");
    await dialog.getByRole("option").first().click();
    await dialog.getByRole("button", { name: "完成" }).click();
    const lines = page.getByRole("group", { name: "日志行" });
    await expect(lines.getByText("内存不足")).toBeVisible();
    await page.getByRole("searchbox").fill("内存");
    await expect(lines.locator("mark")).toHaveText("内存");
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(390);
    const small = await page.locator("main button:visible, main a:visible").evaluateAll((all) =>
      all
        .map((element) => ({ name: element.textContent, box: element.getBoundingClientRect() }))
        .filter(({ box }) => box.height < 36)
        .map(({ name, box }) => `${name} ${box.height}`),
    );
    expect(small).toEqual([]);
  });
});
