/**
 * Gives the browser a language where it has none that `Intl` knows: WebKitGTK names the locale "C" as
 * it is, and a library that formats numbers with it cannot be loaded.
 */
export function ensureBrowserLanguage(browser: Pick<Navigator, "language"> = navigator): void {
  try {
    Intl.getCanonicalLocales(browser.language);
  } catch {
    Object.defineProperty(browser, "language", { value: "en-US", configurable: true });
  }
}
