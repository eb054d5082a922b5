// @vitest-environment node
import { expect, it } from "vitest";
import { ensureBrowserLanguage } from "./browser-language";

it("a locale that is no language becomes one, and a language stays", () => {
  class Browser {
    get language() {
      return "C";
    }
  }
  const plain = new Browser();
  expect(() => new Intl.NumberFormat(plain.language)).toThrow(RangeError);
  ensureBrowserLanguage(plain);
  expect(new Intl.NumberFormat(plain.language).format(1.5)).toBe("1.5");

  const german = { language: "de-DE" };
  ensureBrowserLanguage(german);
  expect(german.language).toBe("de-DE");
});
