import { replaceState } from "$app/navigation";

/**
 * Keeps what a page shows in its address, so that a bookmark and a reload find it again.
 *
 * Is called while a component is made; `write` puts into the query what differs from the usual.
 */
export function keepInAddress(write: (search: URLSearchParams) => void): void {
  let ready = $state(false);
  // The router takes no address before its first page is there.
  $effect(() => {
    const timer = setTimeout(() => (ready = true));
    return () => clearTimeout(timer);
  });
  $effect(() => {
    const search = new URLSearchParams();
    write(search);
    const wanted = search.size > 0 ? `?${search}` : "";
    if (ready && wanted !== location.search) replaceState(`${location.pathname}${wanted}`, {});
  });
}
