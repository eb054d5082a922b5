import { expect, open, test } from "./support/test";

test("a Space takes a label of one's own, the list filters by it, and a view keeps the filter", async ({
  page,
  server,
  session,
}) => {
  await open(page, { server, session }, "/spaces");
  const row = page.locator("[data-space='jonas-b/label-studio']");
  await row.getByRole("button", { name: /^Actions/ }).click();
  await page.getByRole("menuitem", { name: "Labels…" }).click();
  const dialog = page.getByRole("dialog", { name: /^Labels of / });
  await dialog.getByRole("textbox", { name: "New label" }).fill("<b>at night</b>");
  await dialog.getByRole("button", { name: "Add" }).click();
  await expect(dialog.getByRole("checkbox", { name: "<b>at night</b>" })).toBeChecked();
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  await expect(row).toContainText("<b>at night</b>");

  await page.getByRole("button", { name: "Filter by label" }).click();
  await page.getByRole("menuitemradio", { name: /^<b>at night/ }).click();
  await expect(page).toHaveURL(/label=/);
  await expect(page.locator("[data-space]")).toHaveCount(1);

  const views = page.getByRole("button", { name: "Saved views" });
  await views.click();
  await page.getByRole("menuitem", { name: "Save this view…" }).click();
  await page.getByRole("textbox", { name: "Name of the view" }).fill("At night");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
  await open(page, { server, session }, "/spaces");
  await expect(row).toContainText("at night");
  await views.click();
  await page.getByRole("menuitem", { name: /^At night/ }).click();
  await expect(page).toHaveURL(/label=/);
  await expect(page.locator("[data-space]")).toHaveCount(1);
});
