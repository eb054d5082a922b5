import type { Platform } from "./platform";

/**
 * Hands links that lead elsewhere to the platform, where the page cannot open them itself.
 *
 * One listener for the whole page, so that a link stays an ordinary link. Returns what stops it.
 */
export function handOverLinks(platform: Platform, onFailure: (error: unknown) => void): () => void {
  if (!platform.capabilities.openExternal) return () => {};
  const follow = (event: MouseEvent) => {
    const link = (event.target as Element | null)?.closest<HTMLAnchorElement>("a[href]");
    if (!link || event.button > 1 || link.origin === location.origin) return;
    event.preventDefault();
    platform.openExternal(link.href).catch(onFailure);
  };
  document.addEventListener("click", follow);
  document.addEventListener("auxclick", follow);
  return () => {
    document.removeEventListener("click", follow);
    document.removeEventListener("auxclick", follow);
  };
}
