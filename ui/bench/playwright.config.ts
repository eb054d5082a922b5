import { defineConfig } from "@playwright/test";
import tests from "../e2e/playwright.config";

// The same browser and programs as the tests; what is measured is one page at a time.
export default defineConfig({
  ...tests,
  testMatch: /\.bench\.ts$/,
  timeout: 15 * 60_000,
  reporter: [["./table-reporter.ts"]],
  use: { ...tests.use, screenshot: "off", trace: "off" },
});
