/** What this browser may remember of nobody in particular: how the page looks. */
const KEPT = new Set(["hfsm-theme", "hfsm-sidebar", "hfsm-logs"]);

/** Removes what this browser keeps of the person who signs out, such as names of their Spaces. */
export function forgetPerson(): void {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith("hfsm-") && !KEPT.has(key)) localStorage.removeItem(key);
    }
    sessionStorage.clear();
  } catch {
    // Where nothing can be kept there is nothing to forget.
  }
}
