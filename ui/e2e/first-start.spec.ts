import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, signIn, test } from "./support/test";

test("the link signs in once, and its code leaves the address", async ({
  page,
  serve,
  browser,
}) => {
  const server = await serve();
  expect(server.link).toContain("code=");
  await signIn(page, server);
  await expect(page).toHaveURL(`${server.address}/welcome`);

  const other = await browser.newPage();
  await other.goto(server.link);
  await expect(other.getByRole("alert")).toContainText("used already");
  await expect(other.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(other.url()).not.toContain("code=");
  await other.context().close();
});

test("a pasted token says whose it is, what it covers and what it may not do", async ({
  page,
  serve,
  hub,
}) => {
  const server = await serve();
  await signIn(page, server);
  await expect(page.getByRole("heading", { name: "All your Spaces in one window" })).toBeVisible();
  await expect(page.getByText("cargo xtask run -- --demo --port 0")).toBeVisible();
  const link = page.getByRole("link", { name: "Make a token on the Hub" });
  await expect(link).toHaveAttribute("href", /huggingface\.co\/settings\/tokens/);

  const field = page.getByLabel("Access token");
  await field.fill("hf_wrong");
  await page.getByRole("button", { name: "Check the token" }).click();
  await expect(page.getByRole("alert")).toContainText("Token refused");

  await field.fill(hub.token("mira/read-only"));
  await page.getByRole("button", { name: "Check the token" }).click();
  const preview = page.locator("[data-preview=mira]");
  await expect(preview).toContainText("northwind-lab");
  await expect(preview).toContainText("Cannot restart or change anything");
  // Nothing is saved yet, and another token is another question.
  const accounts = await page.request.get(`${server.address}/api/v1/accounts`);
  expect(await accounts.json()).toEqual([]);
  await field.press("End");
  await field.press("x");
  await expect(preview).toHaveCount(0);
  await field.press("Backspace");

  await page.getByRole("button", { name: "Check the token" }).click();
  await page.getByRole("button", { name: "Add account" }).click();
  await expect(page.locator("[data-space='mira/story-painter']")).toBeVisible();

  await page.goto(`${server.address}/accounts/add`);
  await field.fill(hub.token("mira/space-manager"));
  await page.getByRole("button", { name: "Check the token" }).click();
  await expect(page.getByText("mira is here already")).toBeVisible();
  await page.getByRole("button", { name: "Replace token" }).click();
  await expect(page.getByText("mira has a new token")).toBeVisible();
});

test("an empty list says which account is in trouble, not that there are no Spaces", async ({
  page,
  serve,
}) => {
  const server = await serve({ HF_USER: "mira:hf_wrong" });
  await signIn(page, server);
  await page.goto(`${server.address}/spaces`);
  await expect(page.locator("[data-trouble=mira]")).toHaveText("mira: Token refused");
  await expect(page.getByText("No Spaces yet")).toHaveCount(0);
  await page.locator("main").getByRole("link", { name: "Accounts" }).click();
  await expect(page.locator("[data-account=mira] [data-status=token_refused]")).toBeVisible();
});

test("the accounts of the hf command can be taken over", async ({ page, serve, folder, hub }) => {
  mkdirSync(join(folder.path, "hf"));
  writeFileSync(
    join(folder.path, "hf", "stored_tokens"),
    `[work]\nhf_token = ${hub.token("mira/space-manager")}\n\n[old]\nhf_token = hf_gone\n`,
  );
  const server = await serve({}, folder);
  await signIn(page, server);
  await expect(page.getByRole("checkbox", { name: "work" })).toBeChecked();
  await page.getByRole("button", { name: "Import 2 accounts" }).click();
  await expect(page.getByRole("alert")).toContainText("old: Token refused");
  await page.goto(`${server.address}/accounts`);
  await expect(page.locator("[data-account=mira]")).toContainText("write token");
});
