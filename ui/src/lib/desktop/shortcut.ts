/** Keys that change what another key means. */
const MODIFIERS = new Set(["Control", "Alt", "Shift", "Meta", "AltGraph"]);

/**
 * The keys of a press as the desktop names them, such as `Control+Shift+H`.
 *
 * `null` for what no program may take for itself: a modifier alone, or a key that types.
 */
export function keysOf(event: KeyboardEvent): string | null {
  if (MODIFIERS.has(event.key)) return null;
  const key = keyName(event.code);
  if (key === null) return null;
  const held = [
    event.ctrlKey && "Control",
    event.altKey && "Alt",
    event.shiftKey && "Shift",
    event.metaKey && "Super",
  ].filter((it) => it !== false);
  const types = !event.ctrlKey && !event.altKey && !event.metaKey && !/^F\d+$/.test(key);
  return types ? null : [...held, key].join("+");
}

/** The place on the keyboard, whatever it types in the person's layout. */
function keyName(code: string): string | null {
  const match =
    /^(?:Key([A-Z])|Digit(\d)|(F\d{1,2}|Space|Home|End|Insert|Delete|PageUp|PageDown))$/;
  const found = match.exec(code) ?? /^Arrow(Up|Down|Left|Right)$/.exec(code);
  return found?.slice(1).find((part) => part !== undefined) ?? null;
}

/** The same for people: `Ctrl`, `Shift`, `H`. */
export function keyWords(keys: string): string[] {
  const words: Record<string, string> = {
    Control: "Ctrl",
    CommandOrControl: "Ctrl",
    CmdOrCtrl: "Ctrl",
    Super: "Super",
  };
  return keys.split("+").map((key) => words[key] ?? key);
}
