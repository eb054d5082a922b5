const KEY = "hfsm-sidebar";

/** Whether the sidebar shows its words or only its icons. Kept by this browser. */
class SidebarState {
  #folded = $state(read());

  get folded(): boolean {
    return this.#folded;
  }

  toggle(): void {
    this.#folded = !this.#folded;
    try {
      localStorage.setItem(KEY, this.#folded ? "folded" : "open");
    } catch {
      // A browser that forbids storage keeps it until the page is closed.
    }
  }
}

function read(): boolean {
  try {
    return localStorage.getItem(KEY) === "folded";
  } catch {
    return false;
  }
}

export const sidebar = new SidebarState();
