import { gzipSync } from "node:zlib";
import { expect, test } from "./bench";

test("the scripts of the first page", async ({
  browser,
  page: signedIn,
  demo: { server },
  row,
}) => {
  // Another context has nothing in its cache.
  const storageState = await signedIn.context().storageState();
  const page = await browser.newPage({ storageState });
  const scripts: Promise<number>[] = [];
  page.on("response", (response) => {
    if (!response.url().endsWith(".js")) return;
    // Compressed here, because how hard a server or a proxy tries is its own affair.
    scripts.push(response.body().then((body) => gzipSync(body).length));
  });
  await page.goto(`${server.address}/spaces`);
  await expect(page.getByRole("table", { name: "Spaces" })).toBeVisible();
  const sizes = await Promise.all(scripts);
  row({
    work: "scripts of the first page, gzip",
    atMost: 150,
    measured: sizes.reduce((sum, size) => sum + size, 0) / 1000,
    unit: "KB",
    note: `${sizes.length} files`,
  });
  await page.context().close();
});
