export type ThemeChoice = "system" | "light" | "dark";

const KEY = "hfsm-theme";

class ThemeState {
  #choice = $state<ThemeChoice>("system");
  #systemDark = $state(false);
  readonly dark = $derived(
    this.#choice === "dark" || (this.#choice === "system" && this.#systemDark),
  );

  get choice(): ThemeChoice {
    return this.#choice;
  }

  start(): void {
    const system = matchMedia("(prefers-color-scheme: dark)");
    this.#systemDark = system.matches;
    system.addEventListener("change", (event) => {
      this.#systemDark = event.matches;
      this.#show();
    });
    this.#choice = read();
    this.#show();
  }

  choose(choice: ThemeChoice): void {
    this.#choice = choice;
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // A browser that forbids storage keeps the choice until the page is closed.
    }
    this.#show();
  }

  #show(): void {
    document.documentElement.dataset.theme = this.dark ? "dark" : "light";
  }
}

function read(): ThemeChoice {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return "system";
  }
}

/** The document's theme. `static/theme.js` sets it before the first paint by the same rule. */
export const theme = new ThemeState();
