import { expect, signIn, test } from "./support/test";
import { PAGES } from "./support/pages";

// What has run in other programs of this kind, as a title, a label, a reason or a line of a log.
const HOSTILE = [
  "<img src=x onerror=alert(1)>",
  "<script>alert(1)</script>",
  '"><svg onload=alert(1)>',
  "');alert(1);//",
  "javascript:alert(1)",
  "{{constructor.constructor('alert(1)')()}}",
];

/** The title that the simulated Space has. */
const TITLE = "<img src=x onerror=alert(document.domain)>";

test("names, titles, labels, views, reasons and log lines stay text everywhere", async ({
  page,
  serve,
  hub,
}) => {
  test.setTimeout(240_000);
  const server = await serve({ HF_USER: `mira:${hub.token("mira/space-manager")}` });
  await signIn(page, server);
  await expect(page.locator("[data-space='mira/xss']")).toHaveCount(1);
  const say = (what: string, body: object) =>
    hub.control(`/spaces/mira/xss/${what}`, { method: "POST", body: JSON.stringify(body) });
  for (const line of HOSTILE) await say("log", { line });
  const put = (path: string, body: unknown) =>
    page.evaluate(
      async ([path, body]) => {
        const headers = { "content-type": "application/json" };
        const answer = await fetch(path, { method: "PUT", headers, body });
        if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      },
      [path, JSON.stringify(body)] as const,
    );
  await put("/api/v1/spaces/mira/xss/labels", { labels: HOSTILE.slice(0, 4) });
  await put(
    "/api/v1/views",
    HOSTILE.map((name) => ({
      id: crypto.randomUUID(),
      name,
      query: `?q=${encodeURIComponent(name)}`,
    })),
  );

  const untouched = async (where: string) => {
    const found = await page.evaluate(() => {
      const active = "img[src=x], svg[onload], [onerror], [onclick], a[href^='javascript:' i]";
      const scripts = [...document.scripts].filter((it) => it.textContent?.includes("alert"));
      return [...document.querySelectorAll(active), ...scripts].map((it) => it.outerHTML);
    });
    expect(found, where).toEqual([]);
  };
  const pages = PAGES.map((path) => path.replace("story-painter", "xss"));
  for (const path of [...pages, ...HOSTILE.map((it) => `/spaces?q=${encodeURIComponent(it)}`)]) {
    await page.goto(server.address + path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await page.waitForLoadState("load");
    await untouched(path);
  }

  // What is opened on a page, not with it.
  await page.goto(`${server.address}/spaces?q=xss`);
  const row = page.locator("[data-space='mira/xss']");
  await expect(row).toContainText(TITLE);
  await page.getByRole("button", { name: "Saved views" }).click();
  await expect(page.getByRole("menuitem", { name: HOSTILE[1] }).first()).toBeVisible();
  await untouched("the menu of views");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("img src");
  await expect(page.getByRole("dialog")).toContainText(TITLE);
  await untouched("the palette");
  await page.keyboard.press("Escape");
  await row.getByRole("button", { name: /^Restart/ }).click();
  await expect(page.getByRole("dialog")).toContainText(TITLE);
  await untouched("the question");
  await page.keyboard.press("Escape");

  for (const error_message of HOSTILE.slice(0, 3)) {
    await say("stage", { stage: "RUNTIME_ERROR", error_message });
    await expect(row).toContainText(error_message, { timeout: 30_000 });
    await untouched("a reason in the list");
  }
  await page.goto(`${server.address}/spaces/mira/xss`);
  await expect(page.getByText(HOSTILE[2] ?? "").first()).toBeVisible();
  await untouched("a reason on the page of a Space");
  await say("restart", {});
});
