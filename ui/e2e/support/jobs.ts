import { expect, type Page } from "@playwright/test";

/** Asks the API as the page that is open does. */
async function ask(page: Page, method: string, path: string, body?: object): Promise<unknown> {
  const { status, text } = await page.evaluate(
    async ({ method, path, body }) => {
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
      return { status: answer.status, text: await answer.text() };
    },
    { method, path, body },
  );
  expect(status, text).toBeLessThan(300);
  return text === "" ? null : JSON.parse(text);
}

/** Makes a job; returns its name for programs. */
export async function makeJob(page: Page, plan: object): Promise<string> {
  return ((await ask(page, "POST", "/api/v1/jobs", plan)) as { id: string }).id;
}

/** Does now what a job does. */
export const runJob = (page: Page, id: string) => ask(page, "POST", `/api/v1/jobs/${id}/run`);

/** Removes every job, so that a test finds none of another's. */
export async function removeJobs(page: Page): Promise<void> {
  for (const { id } of (await ask(page, "GET", "/api/v1/jobs")) as { id: string }[]) {
    await ask(page, "DELETE", `/api/v1/jobs/${id}`);
  }
}

/** A job that restarts Spaces at four in the morning. */
export const nightly = (name: string, ...spaces: string[]) => ({
  name,
  action: { type: "restart" },
  target: { type: "spaces", spaces },
  trigger: { type: "cron", expression: "0 4 * * *", zone: "Europe/Paris" },
});
