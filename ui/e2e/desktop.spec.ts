import { asDesktop, callsOf, usual } from "./support/desktop";
import { expect, open, test } from "./support/test";

test("remote access asks for a password before it opens, then shows where", async ({
  page,
  server,
  session,
}) => {
  await asDesktop(page);
  await open(page, { server, session }, "/settings/remote");
  const power = page.getByRole("switch", { name: "Open in a browser" });
  await expect(power).toHaveAttribute("aria-checked", "false");
  await power.click();
  await expect(page.getByRole("alert")).toContainText("at least 8 characters");
  await expect(page.getByLabel("Password")).toBeFocused();
  expect(await callsOf(page, "set_remote_access")).toEqual([]);

  await page.getByRole("button", { name: "Local network" }).click();
  await expect(page.getByText("Anyone on this network can reach")).toBeVisible();
  await page.getByLabel("Password").fill("correct horse battery");
  await power.click();
  await expect(power).toHaveAttribute("aria-checked", "true");
  await expect(page.locator("[data-listening=true]")).toBeVisible();
  await expect(page.getByRole("link", { name: "http://192.168.1.20:8764" })).toBeVisible();
  await expect(
    page.getByRole("img", { name: "QR code of http://192.168.1.20:8764" }),
  ).toBeVisible();
  await expect(page.getByText("allow port 8764 in the firewall")).toBeVisible();
  expect(await callsOf(page, "set_remote_access")).toEqual([
    {
      settings: { on: true, reach: "local_network", port: 8764, user: "mira" },
      password: "correct horse battery",
    },
  ]);
  // What was typed does not stay on the page.
  await expect(page.getByLabel("New password")).toHaveValue("");

  await power.click();
  await expect(page.locator("[data-listening=false]")).toHaveText("off");
});

test("remote access says what is in its way", async ({ page, server, session }) => {
  const { remote } = usual();
  await asDesktop(page, {
    remote: {
      ...remote,
      settings: { ...remote.settings, on: true },
      has_password: true,
      trouble: { code: "port_in_use", message: "Address already in use (os error 98)" },
    },
  });
  await open(page, { server, session }, "/settings/remote");
  await expect(page.getByRole("alert")).toContainText("Another program uses port 8764");
  const port = page.getByRole("spinbutton", { name: "Port" });
  await port.fill("70000");
  await expect(page.getByText("A whole number from 1 to 65535.")).toBeVisible();
  await port.fill("8765");
  await page.getByRole("button", { name: "Discard" }).click();
  await expect(port).toHaveValue("8764");
});

test("without a keychain nothing is saved before the encrypted file is chosen by name", async ({
  page,
  server,
  session,
}) => {
  const { tokens } = usual();
  await asDesktop(page, {
    tokens: {
      ...tokens,
      kind: null,
      keychain: { usable: false, trouble: "no Secret Service is running" },
    },
  });
  await open(page, { server, session }, "/welcome");
  const choice = page.locator("[data-store-choice]");
  await expect(choice).toContainText("no Secret Service is running");
  await expect(choice).toContainText("tokens.enc");
  await expect(page.getByLabel("Access token")).toBeDisabled();
  await choice.getByRole("button", { name: "Use the encrypted file" }).click();
  await expect(choice).toHaveCount(0);
  expect(await callsOf(page, "move_tokens")).toEqual([{ to: "file" }]);
  await expect(page.getByLabel("Access token")).toBeEnabled();
});

test("tokens move between the stores, and a refusal changes nothing", async ({
  page,
  server,
  session,
}) => {
  await asDesktop(page);
  await open(page, { server, session }, "/settings/tokens");
  await expect(page.locator("[data-store=keychain]")).toBeVisible();
  await page.getByRole("button", { name: "Move to an encrypted file" }).click();
  await expect(page.locator("[data-store=file]")).toBeVisible();
  await page.evaluate(
    () => (window.fakeDesktop.refuse.move_tokens = "The keychain is locked. Unlock it first."),
  );
  await page.getByRole("button", { name: "Move to the keychain" }).click();
  await expect(page.getByRole("alert")).toContainText("Unlock it first");
  await expect(page.locator("[data-store=file]")).toBeVisible();
});

test("the demo is opened from the first start, says what it is, and is left", async ({
  page,
  server,
  session,
}) => {
  await asDesktop(page);
  await open(page, { server, session }, "/welcome");
  await page.getByRole("button", { name: "Open the demo" }).click();
  const banner = page.locator("[data-demo]");
  await expect(banner).toContainText("a simulated Hub");
  await expect(page).toHaveURL(/\/spaces$/);
  await banner.getByRole("button", { name: "Leave the demo" }).click();
  await expect(banner).toHaveCount(0);
});

test("the desktop's behaviour is set, and says why where it cannot be", async ({
  page,
  server,
  session,
}) => {
  const { info } = usual();
  await asDesktop(page, {
    info: { ...info, tray: { shown: false, trouble: "libayatana-appindicator3 is missing" } },
    refuse: { set_autostart: "The autostart folder cannot be written." },
  });
  await open(page, { server, session }, "/settings/desktop");
  await expect(page.getByRole("switch", { name: "Keep running when closed" })).toBeDisabled();
  await expect(page.getByText("libayatana-appindicator3 is missing")).toBeVisible();

  const autostart = page.getByRole("switch", { name: "Start with the computer" });
  await autostart.click();
  await expect(page.getByRole("alert")).toContainText("cannot be written");
  await expect(autostart).toHaveAttribute("aria-checked", "false");

  const shortcut = page.getByRole("button", { name: "Global shortcut" });
  await shortcut.click();
  await expect(shortcut).toHaveText("Press the keys…");
  await page.keyboard.press("Control+Shift+H");
  await expect(shortcut).toHaveText(/^\s*Ctrl\s*Shift\s*H\s*$/);
  expect(await callsOf(page, "set_shortcut")).toEqual([{ keys: "Control+Shift+H" }]);
  await page.getByRole("button", { name: "Clear" }).click();
  await expect(shortcut).toHaveText("Choose keys");
});

test("links, paths and the language go through the program", async ({ page, server, session }) => {
  await asDesktop(page);
  await open(page, { server, session }, "/spaces/mira/story-painter");
  await page.getByRole("link", { name: "Open app" }).click();
  const [opened] = await callsOf(page, "open_external");
  expect(opened?.url).toMatch(/^https?:\/\//);
  await expect(page).toHaveURL(/story-painter$/);

  await page.evaluate(() =>
    window.fakeDesktop.emit("open-path", "/spaces/northwind-lab/search-api"),
  );
  await expect(page.getByRole("heading", { name: "Search API", level: 2 })).toBeVisible();
  await page.evaluate(() => window.fakeDesktop.emit("open-path", "//elsewhere.example"));
  await expect(page).toHaveURL(/search-api$/);

  await page.goto(`${server.address}/settings/appearance`);
  await page.getByRole("button", { name: "简体中文" }).click();
  await expect(page.getByRole("heading", { name: "设置" })).toBeVisible();
  expect((await callsOf(page, "set_language")).map((it) => it.language)).toEqual(["en", "zh-CN"]);
});

test("an update is looked for and installed when somebody asks", async ({
  page,
  server,
  session,
}) => {
  await asDesktop(page, { update: { version: "0.2.0", notes: "Logs can be searched." } });
  await open(page, { server, session }, "/settings/about");
  await page.getByRole("button", { name: "Look for an update" }).click();
  await expect(page.getByText("Logs can be searched.")).toBeVisible();
  await page.getByRole("button", { name: "Install 0.2.0 and restart" }).click();
  await expect.poll(() => callsOf(page, "install_update")).toHaveLength(1);
});
