import { takeLinkCode } from "$lib/session/link-code";

export const init = (): void => takeLinkCode();
