let code: string | null = null;

/**
 * Takes the one-time code out of the address that the server printed at its start.
 *
 * Before the router runs: a redirect would drop the code, and a history entry would keep it.
 */
export function takeLinkCode(): void {
  const url = new URL(location.href);
  code = url.searchParams.get("code");
  if (code === null) return;
  url.searchParams.delete("code");
  history.replaceState(history.state, "", url);
}

/** Gives the code away; it works once. */
export function useLinkCode(): string | null {
  const taken = code;
  code = null;
  return taken;
}
