import { expect, signIn, test } from "./support/test";

test("with a password, nothing is shown before it is given", async ({ page, serve, hub }) => {
  const server = await serve({
    HFSM_USER: "owner",
    HFSM_PASSWORD: "correct horse battery",
    HF_USER: `mira:${hub.token("mira/space-manager")}`,
  });
  await page.goto(`${server.address}/spaces/mira/story-painter`);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(page.getByText("Story Painter")).toHaveCount(0);

  await page.getByLabel("User name").fill("owner");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("did not match");
  await expect(page.getByLabel("Password")).toHaveValue("");

  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Sign in" }).click();
  // The page that was asked for, not a start page.
  await expect(page.getByRole("heading", { name: "Story Painter", level: 2 })).toBeVisible();

  await page.reload();
  await expect(page.getByRole("heading", { name: "Story Painter", level: 2 })).toBeVisible();

  await page.getByRole("button", { name: "Appearance and language" }).click();
  await page.getByRole("menuitem", { name: "Sign out owner" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("a password can be set after the link, and then asks for itself", async ({
  page,
  serve,
  browser,
}) => {
  const server = await serve();
  await signIn(page, server);
  // The list gives way to the first start as soon as it is known that there is no account.
  await expect(page.getByRole("heading", { name: "All your Spaces in one window" })).toBeVisible();
  await page.getByRole("button", { name: "Appearance and language" }).click();
  await page.getByRole("menuitem", { name: "Set a password" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("User name").fill("owner");
  await dialog.getByLabel("New password").fill("correct horse battery");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("The password is set")).toBeVisible();

  const other = await browser.newPage();
  await other.goto(server.address);
  await other.getByLabel("User name").fill("owner");
  await other.getByLabel("Password").fill("correct horse battery");
  await other.getByRole("button", { name: "Sign in" }).click();
  await expect(other.getByRole("heading", { name: "All your Spaces in one window" })).toBeVisible();
  await other.context().close();
});

test("a public view shows public Spaces and offers no action", async ({ page, serve, hub }) => {
  const server = await serve({
    HFSM_USER: "owner",
    HFSM_PASSWORD: "correct horse battery",
    HFSM_PUBLIC_VIEW: "public",
    HF_USER: `mira:${hub.token("mira/space-manager")}`,
  });
  await page.goto(server.address);
  await expect(page.locator("[data-space='mira/story-painter']")).toBeVisible();
  await page.getByRole("searchbox").fill("search-api");
  await expect(page.getByText("Nothing matches")).toBeVisible();
  await expect(page.getByRole("button", { name: /^(Restart|Actions)/ })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Add account" })).toHaveCount(0);
});
