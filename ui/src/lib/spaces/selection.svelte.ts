import { createContext } from "svelte";
import { SvelteSet } from "svelte/reactivity";

/** Which Spaces are chosen to be acted on together. */
export class SelectionState {
  readonly #ids = new SvelteSet<string>();
  /** Where a range begins: what was chosen last. */
  #anchor: string | null = null;

  get size(): number {
    return this.#ids.size;
  }

  get ids(): readonly string[] {
    return [...this.#ids];
  }

  has(space: string): boolean {
    return this.#ids.has(space);
  }

  toggle(space: string): void {
    if (!this.#ids.delete(space)) this.#ids.add(space);
    this.#anchor = space;
  }

  /** Chooses all from what was chosen last to `space`, in the order in which they are shown. */
  extend(space: string, order: readonly string[]): void {
    const from = this.#anchor === null ? -1 : order.indexOf(this.#anchor);
    const to = order.indexOf(space);
    if (from < 0 || to < 0) return this.toggle(space);
    for (const id of order.slice(Math.min(from, to), Math.max(from, to) + 1)) this.#ids.add(id);
    this.#anchor = space;
  }

  /** Chooses all of these, or none of them where all are chosen already. */
  toggleAll(spaces: readonly string[]): void {
    const all = spaces.every((id) => this.#ids.has(id));
    for (const id of spaces) {
      if (all) this.#ids.delete(id);
      else this.#ids.add(id);
    }
  }

  /** Forgets what is not shown any more. */
  keepOnly(spaces: ReadonlySet<string>): void {
    for (const id of this.#ids) if (!spaces.has(id)) this.#ids.delete(id);
  }

  clear(): void {
    this.#ids.clear();
    this.#anchor = null;
  }
}

export const [getSelection, setSelection] = createContext<SelectionState>();
