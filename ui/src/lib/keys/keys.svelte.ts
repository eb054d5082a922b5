import { createContext } from "svelte";

export interface Shortcut {
  /** `mod+k`, `/`, `shift+x`, or two keys in turn: `g s`. */
  keys: string;
  /** What it does, in the person's language. */
  label: () => string;
  run: () => void;
}

/** Where a group of shortcuts counts. */
export interface ShortcutGroup {
  title: () => string;
  shortcuts: readonly Shortcut[];
}

/** How long the second of two keys may take. */
const TURN_MS = 1200;
const TYPES = "input, textarea, select, [contenteditable=true]";
const MODAL = "[role=dialog], [role=alertdialog], [role=menu], [role=listbox]";

/** The keys that count now. Whoever shows something adds its own for as long as it is shown. */
export class KeysState {
  #groups = $state.raw<readonly ShortcutGroup[]>([]);
  #first = "";
  #firstAt = 0;

  /** Those of the frame first, then those of the page. */
  get groups(): readonly ShortcutGroup[] {
    return this.#groups;
  }

  /** Adds a group. Returns what takes it away. */
  add(group: ShortcutGroup): () => void {
    this.#groups = [...this.#groups, group];
    return () => (this.#groups = this.#groups.filter((it) => it !== group));
  }

  handle(event: KeyboardEvent, at = Date.now()): void {
    if (event.defaultPrevented || event.isComposing) return;
    const pressed = nameOf(event);
    const held = pressed.startsWith("mod+");
    const target = event.target instanceof Element ? event.target : null;
    // Somebody who types, or answers a dialog, means the field or the dialog.
    if (!held && (target?.closest(TYPES) || document.querySelector(MODAL))) return;
    const turn = at - this.#firstAt < TURN_MS ? `${this.#first} ${pressed}` : "";
    const all = this.#groups.flatMap((group) => group.shortcuts);
    // What was added last is nearest to the person.
    const found =
      all.findLast((it) => it.keys === turn) ?? all.findLast((it) => it.keys === pressed);
    this.#first = found ? "" : pressed;
    this.#firstAt = at;
    if (!found) return;
    event.preventDefault();
    found.run();
  }
}

/** A press by its name: the character that it types, or the key's own name. */
function nameOf(event: KeyboardEvent): string {
  const letter = event.key.length === 1;
  const parts = [
    (event.ctrlKey || event.metaKey) && "mod",
    event.altKey && "alt",
    // A character says by itself that shift was held; a letter does not.
    event.shiftKey && (!letter || /[a-z]/i.test(event.key)) && "shift",
    letter ? event.key.toLowerCase() : event.key,
  ];
  return parts.filter(Boolean).join("+");
}

const isApple = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");

/** `⌘K` or `Ctrl K`, key by key, for people. */
export function keyCaps(keys: string): string[] {
  const words: Record<string, string> = {
    mod: isApple ? "⌘" : "Ctrl",
    shift: isApple ? "⇧" : "Shift",
    alt: isApple ? "⌥" : "Alt",
    Enter: "↵",
    Escape: "Esc",
  };
  return keys
    .split(/(?<=\w)\+| /)
    .map((key) => words[key] ?? (key.length === 1 ? key.toUpperCase() : key));
}

export const [getKeys, setKeys] = createContext<KeysState>();
