import { defineConfig } from "@playwright/test";

// The real server against the simulated Hub, in the system's Chromium: nothing is downloaded, and
// nothing but 127.0.0.1 can be reached.
export default defineConfig({
  testDir: ".",
  outputDir: "../test-results",
  workers: 1,
  // For a machine that is busy with other things too.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  // The same pictures for every system: what differs between systems is within their tolerance.
  snapshotPathTemplate: "{testDir}/looks/{arg}{ext}",
  forbidOnly: !!process.env.CI,
  reporter: [["list"]],
  use: {
    viewport: { width: 1440, height: 900 },
    locale: "en-US",
    timezoneId: "Europe/Paris",
    // A worker would answer before a test's own routes are asked; its own tests let it in.
    serviceWorkers: "block",
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM_BIN ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      ],
    },
  },
});
