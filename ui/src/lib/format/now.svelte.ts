/** The time of day, as state: everything that shows an age follows it without a timer of its own. */
class Now {
  #current = $state(Date.now());

  get current(): number {
    return this.#current;
  }

  /** Ticks once a second while the page is seen. Returns what stops it. */
  start(): () => void {
    const tick = () => {
      if (!document.hidden) this.#current = Date.now();
    };
    const timer = setInterval(tick, 1000);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }
}

export const now = new Now();
