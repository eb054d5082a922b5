import type { HandleClientError } from "@sveltejs/kit";
import { failureText } from "$lib/frame/failure";
import { ensureBrowserLanguage } from "$lib/i18n/browser-language";
import { takeLinkCode } from "$lib/session/link-code";

export const init = (): void => {
  // Before any page, and the libraries that it takes, is loaded.
  ensureBrowserLanguage();
  takeLinkCode();
};

/** What a person reads of a page that could not be loaded. */
export const handleError: HandleClientError = ({ error, status, message }) => ({
  message: status === 404 ? message : failureText(error),
});
