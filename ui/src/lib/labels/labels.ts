import type { Space } from "$lib/api/types";

/** What the API takes. */
export const LONGEST = 40;
export const MOST = 20;

/** Labels are the same whatever their case. */
export const sameLabel = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

export const labelsOf = (space: Space): readonly string[] => space.labels ?? [];

export const hasLabel = (space: Space, label: string): boolean =>
  labelsOf(space).some((it) => sameLabel(it, label));

/** Every label that some Space has, sorted, each once. */
export function knownLabels(spaces: readonly Space[]): string[] {
  const known = new Map<string, string>();
  for (const label of spaces.flatMap(labelsOf)) {
    if (!known.has(label.toLowerCase())) known.set(label.toLowerCase(), label);
  }
  return [...known.values()].sort((a, b) => a.localeCompare(b));
}

/** How many of some Spaces have a label. */
export type Share = "all" | "some" | "none";

export function shareOf(label: string, spaces: readonly Space[]): Share {
  const having = spaces.filter((space) => hasLabel(space, label)).length;
  return having === 0 ? "none" : having === spaces.length ? "all" : "some";
}

/** The labels of a Space after these wishes; `null` when they stay as they are. */
export function relabelled(space: Space, wishes: ReadonlyMap<string, boolean>): string[] | null {
  const before = labelsOf(space);
  const kept = before.filter(
    (label) => ![...wishes].some(([it, on]) => !on && sameLabel(it, label)),
  );
  const added = [...wishes].flatMap(([label, on]) =>
    on && !hasLabel(space, label) ? [label] : [],
  );
  return kept.length === before.length && added.length === 0 ? null : [...kept, ...added];
}
