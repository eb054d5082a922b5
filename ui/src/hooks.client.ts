import type { HandleClientError } from "@sveltejs/kit";
import { failureText } from "$lib/frame/failure";
import { takeLinkCode } from "$lib/session/link-code";

export const init = (): void => takeLinkCode();

/** What a person reads of a page that could not be loaded. */
export const handleError: HandleClientError = ({ error, status, message }) => ({
  message: status === 404 ? message : failureText(error),
});
