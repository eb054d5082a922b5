import { makeJob, nightly, removeJobs, runJob } from "./support/jobs";
import { expect, open, test } from "./support/test";

// What each list and page shows while it reads, where nothing is, where nothing matches, and where it
// could not be read: with a reason, and a way on.

/** The pages whose one thing is read from these addresses, and what waits for each. */
const READ = [
  { path: "/spaces", api: /\/api\/v1\/spaces\?/, waits: "Reading the Spaces…" },
  { path: "/activity", api: /\/api\/v1\/activity(\?|$)/, waits: "Reading the activity…" },
  { path: "/schedules", api: /\/api\/v1\/jobs$/, waits: "Reading the jobs…" },
  { path: "/schedules/runs", api: /\/api\/v1\/runs(\?|$)/, waits: "Reading the runs…" },
  { path: "/schedules/keep-alive", api: /\/api\/v1\/keep-alive$/, waits: "Reading the settings…" },
  { path: "/schedules/auto-heal", api: /\/api\/v1\/auto-heal/, waits: "Reading the settings…" },
  { path: "/settings/accounts", api: /\/api\/v1\/accounts$/, waits: "Reading the accounts…" },
  { path: "/settings/data", api: /\/api\/v1\/settings$/, waits: "Reading the settings…" },
  {
    path: "/spaces/mira/story-painter/variables",
    api: /\/api\/v1\/.*\/(variables|secrets)$/,
    waits: "Reading the variables and secrets…",
  },
  {
    path: "/spaces/mira/story-painter/activity",
    api: /\/api\/v1\/activity\?/,
    waits: "Reading the activity…",
  },
] as const;

const LOCKED = {
  title: "Store unavailable",
  status: 503,
  code: "store_unavailable",
  detail: "the database is locked",
};
const LOCKED_ANSWER = { status: 503, contentType: "application/problem+json", json: LOCKED };

for (const { path, api, waits } of READ) {
  test(`${path} says that it reads, why it cannot, and reads when asked again`, async ({
    page,
    server,
    session,
  }) => {
    let answer = () => {};
    const asked = new Promise<void>((resolve) => (answer = resolve));
    await page.route(api, async (route) => {
      await asked;
      await route.fulfill(LOCKED_ANSWER);
    });
    await open(page, { server, session }, path);
    await expect(page.getByRole("main").getByText(waits).first()).toBeAttached();
    const alert = page.getByRole("main").getByRole("alert");
    await expect(alert).toHaveCount(0);
    // What is shown is read again when the stream opens, which would be the try that is pressed below.
    await expect(page.locator("[data-connection=live]").first()).toBeAttached();
    answer();
    await expect(alert.first()).toContainText("Store unavailable: the database is locked");

    await page.unrouteAll({ behavior: "ignoreErrors" });
    await alert.first().getByRole("button", { name: "Try again" }).click();
    await expect(alert).toHaveCount(0);
    await expect(page.getByRole("main").getByText(waits)).toHaveCount(0);
  });
}

test("no tile counts Spaces that are still being read", async ({ page, server, session }) => {
  const api = /\/api\/v1\/spaces\?/;
  await page.route(api, () => {});
  await open(page, { server, session }, "/spaces");
  const running = page.locator("[data-tile=running]");
  await expect(running).toContainText("–");
  await expect(running).not.toContainText("0");
});

test("where nothing is, it says what would be there and what to do", async ({
  page,
  server,
  session,
}) => {
  const main = page.getByRole("main");
  await page.route(/\/api\/v1\/spaces\?/, (route) =>
    route.fulfill({ json: { items: [], next_cursor: null } }),
  );
  await open(page, { server, session }, "/spaces");
  await expect(main.getByText("No Spaces yet")).toBeVisible();
  await expect(main.getByRole("link", { name: "Create a Space on the Hub" })).toBeVisible();
  await page.unrouteAll({ behavior: "ignoreErrors" });

  const nothing = { json: { items: [], next_cursor: null } };
  await page.route(/\/api\/v1\/(runs|activity)(\?|$)/, (route) => route.fulfill(nothing));
  await page.goto(`${server.address}/schedules/runs`);
  await expect(main.getByText("Nothing has run yet")).toBeVisible();
  await page.goto(`${server.address}/schedules/runs?state=missed`);
  await expect(main.getByText("No run fits all of the filters.")).toBeVisible();
  await main.locator(".card").getByRole("button", { name: "Clear the filter" }).click();
  await expect(main.getByText("Nothing has run yet")).toBeVisible();
  await expect(page).toHaveURL(/\/schedules\/runs$/);
});

test("a log that cannot be read says why, and is tried again at once", async ({
  page,
  server,
  session,
}) => {
  const api = /\/logs\/run\/stream/;
  let asked = 0;
  await page.route(api, (route) => {
    asked += 1;
    return route.fulfill(LOCKED_ANSWER);
  });
  await open(page, { server, session }, "/spaces/mira/story-painter/logs");
  const trouble = page.locator("[data-log-trouble]");
  await expect(trouble).toContainText("Store unavailable: the database is locked");
  // By then the page waits for longer than anybody likes to.
  await expect.poll(() => asked, { timeout: 20_000 }).toBeGreaterThan(4);
  await page.unroute(api);
  await trouble.getByRole("button", { name: "Try again" }).click();
  await expect(page.locator("[data-log-status=open]")).toBeVisible({ timeout: 3000 });
  await expect(trouble).toHaveCount(0);
});

test("an address that is none says so, with a way back", async ({ page, server, session }) => {
  await open(page, { server, session }, "/nowhere/at/all");
  await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
  await page.getByRole("link", { name: "Back to all Spaces" }).click();
  await expect(page.getByRole("table", { name: "Spaces" })).toBeVisible();
});

test("reasons of the program are in the person's language, those of the Hub as it said them", async ({
  page,
  server,
  session,
}) => {
  await page.addInitScript(() => localStorage.setItem("PARAGLIDE_LOCALE", "zh-CN"));
  await open(page, { server, session }, "/schedules");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const job = await makeJob(page, nightly("夜间重启", "jonas-b/on-hold", "mira/docs"));
  await runJob(page, job);
  await page.goto(`${server.address}/schedules/runs?job=${job}`);
  const runs = page.getByRole("main");
  await expect(runs.getByText("Space 已暂停，被人暂停的保持暂停")).toBeVisible();
  await expect(runs.getByText("静态 Space 没有运行的内容")).toBeVisible();

  await page.goto(`${server.address}/schedules/new?space=jonas-b/on-hold`);
  await expect(page.getByText("未发现 jonas-b 的付费方案")).toBeVisible();
  await page.goto(`${server.address}/activity`);
  await expect(page.getByText("夜间重启：已创建")).toBeVisible();
  await removeJobs(page);
  await expect(page.getByText("夜间重启：已删除")).toBeVisible();
});
