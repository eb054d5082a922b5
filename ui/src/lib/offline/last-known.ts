import type { Space } from "$lib/api/types";
import { titleOf } from "$lib/spaces/space";

/** What is kept of a Space: enough to see how it was. */
export interface KnownSpace {
  id: string;
  title: string;
  stage: string;
}

/** The list as it was when the server last told it. */
export interface LastKnown {
  /** In milliseconds. */
  at: number;
  spaces: KnownSpace[];
}

const KEY = "hfsm-last-known";
const EVERY_MS = 30_000;

/**
 * Keeps the list in this browser for when there is no server: now, every half minute, and when the
 * page goes. Returns what stops it.
 *
 * @param list What is true now; nothing while nobody knows.
 */
export function keepLastKnown(list: () => readonly Space[] | null): () => void {
  const keep = () => {
    const spaces = list()?.map((space): KnownSpace => {
      return { id: space.id, title: titleOf(space), stage: space.stage };
    });
    if (!spaces) return;
    try {
      localStorage.setItem(KEY, JSON.stringify({ at: Date.now(), spaces } satisfies LastKnown));
    } catch {
      // A browser that forbids storage, or has no room, shows no list without a server.
    }
  };
  keep();
  const timer = setInterval(keep, EVERY_MS);
  addEventListener("pagehide", keep);
  return () => {
    clearInterval(timer);
    removeEventListener("pagehide", keep);
  };
}

/** What is kept may be of another version, or of somebody who edited it. */
export function readLastKnown(): LastKnown | null {
  try {
    const { at, spaces } = JSON.parse(localStorage.getItem(KEY) ?? "") as Partial<LastKnown>;
    if (typeof at !== "number" || !Array.isArray(spaces)) return null;
    const words = (it: KnownSpace) =>
      [it.id, it.title, it.stage].every((word) => typeof word === "string");
    return { at, spaces: spaces.filter(words) };
  } catch {
    return null;
  }
}

export function dropLastKnown(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Where nothing can be kept there is nothing to drop.
  }
}
