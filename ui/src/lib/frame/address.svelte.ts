/**
 * Shows a query, with its `?`, in the address of this page.
 *
 * Not by the router's own `replaceState`: it remembers the address with which the page began, and
 * whoever goes back to the page is given that one.
 */
export function showInAddress(search: string): void {
  if (search === location.search) return;
  history.replaceState(history.state, "", `${location.pathname}${search}`);
}

/**
 * Keeps what a page shows in its address, so that a bookmark, a reload and going back find it again.
 *
 * Is called while a component is made; `write` puts into the query what differs from the usual.
 */
export function keepInAddress(write: (search: URLSearchParams) => void): void {
  $effect(() => {
    const search = new URLSearchParams();
    write(search);
    showInAddress(search.size > 0 ? `?${search}` : "");
  });
}
