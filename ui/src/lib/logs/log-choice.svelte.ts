import type { LogKind } from "./log-stream.svelte";
import type { LevelFilter } from "./rows";
import type { SearchWish } from "./search";
import { STAMPS, type Stamp } from "./stamps";

const KEY = "hfsm-logs";
const LEVELS: readonly LevelFilter[] = ["all", "warnings", "errors"];

/** What a person wants to see of a log: in the page's address, but for what is a matter of taste. */
export class LogChoice {
  /** Which log was asked for; `null` for the one that tells most. */
  kind = $state<LogKind | null>(null);
  level = $state<LevelFilter>("all");
  wish = $state.raw<SearchWish>({ text: "", regex: false, matchCase: false });
  /** The moment that is looked for, in milliseconds. */
  readonly at: number | null;
  #wrap = $state(false);
  #stamp = $state<Stamp>("local");

  constructor(search: URLSearchParams = new URLSearchParams()) {
    const kind = search.get("log");
    this.kind = kind === "run" || kind === "build" ? kind : null;
    this.level = LEVELS.find((it) => it === search.get("level")) ?? "all";
    this.wish = {
      text: search.get("find") ?? "",
      regex: search.has("regex"),
      matchCase: search.has("case"),
    };
    const at = Date.parse(search.get("at") ?? "");
    this.at = Number.isNaN(at) ? null : at;
    const kept = read();
    // A phone has no room for long lines.
    this.#wrap = kept.wrap ?? matchMedia("(width < 640px)").matches;
    this.#stamp = STAMPS.find((it) => it === kept.stamp) ?? "local";
  }

  get wrap(): boolean {
    return this.#wrap;
  }

  set wrap(wrap: boolean) {
    this.#wrap = wrap;
    this.#keep();
  }

  get stamp(): Stamp {
    return this.#stamp;
  }

  set stamp(stamp: Stamp) {
    this.#stamp = stamp;
    this.#keep();
  }

  /** Writes into the page's address what differs from what is usual. */
  writeTo(search: URLSearchParams): void {
    if (this.kind) search.set("log", this.kind);
    if (this.level !== "all") search.set("level", this.level);
    if (this.at !== null) search.set("at", new Date(this.at).toISOString());
    if (this.wish.text !== "") search.set("find", this.wish.text);
    if (this.wish.regex) search.set("regex", "");
    if (this.wish.matchCase) search.set("case", "");
  }

  #keep(): void {
    try {
      localStorage.setItem(KEY, JSON.stringify({ wrap: this.#wrap, stamp: this.#stamp }));
    } catch {
      // A browser that forbids storage keeps it until the page is closed.
    }
  }
}

function read(): { wrap?: boolean; stamp?: string } {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    if (typeof kept !== "object" || kept === null) return {};
    return {
      wrap: "wrap" in kept && typeof kept.wrap === "boolean" ? kept.wrap : undefined,
      stamp: "stamp" in kept && typeof kept.stamp === "string" ? kept.stamp : undefined,
    };
  } catch {
    return {};
  }
}
