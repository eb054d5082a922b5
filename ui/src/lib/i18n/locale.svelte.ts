import {
  baseLocale,
  getLocale,
  locales,
  overwriteGetLocale,
  setLocale,
} from "$lib/paraglide/runtime";

export type Locale = (typeof locales)[number];

export const LOCALE_NAMES: Record<Locale, string> = { en: "English", "zh-CN": "简体中文" };

class LocaleState {
  #current = $state<Locale>(baseLocale);

  get current(): Locale {
    return this.#current;
  }

  /** Takes the person's choice or the browser's wish, and makes every message follow it at once. */
  start(): void {
    this.#current = getLocale();
    overwriteGetLocale(() => this.#current);
  }

  choose(locale: Locale): void {
    void setLocale(locale, { reload: false });
    this.#current = locale;
  }
}

/** The page has one language, as it has one document; so this is a module's state, not a context's. */
export const locale = new LocaleState();
