import type { Space } from "$lib/api/types";
import type { SpaceUse } from "$lib/metrics/metrics.svelte";
import { flavorOf, titleOf } from "./space";
import { STAGE_GROUPS, stageGroup } from "./stage";

export const SORT_KEYS = ["name", "stage", "hardware", "cpu", "memory", "network"] as const;
export type SortKey = (typeof SORT_KEYS)[number];

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** What needs somebody first. */
const URGENCY = [
  "failing",
  "moving",
  "paused",
  "sleeping",
  "other",
  "running",
] as const satisfies (typeof STAGE_GROUPS)[number][];

/** Sorts by a column; those without a value come last in either direction. */
export function sortSpaces(
  spaces: readonly Space[],
  key: SortKey,
  descending: boolean,
  useOf: (space: string) => SpaceUse | null,
): Space[] {
  const sign = descending ? -1 : 1;
  const byName = (a: Space, b: Space) =>
    collator.compare(titleOf(a), titleOf(b)) || collator.compare(a.id, b.id);
  if (key === "name") return [...spaces].sort((a, b) => sign * byName(a, b));
  const valued = spaces.map((space) => ({ space, value: valueOf(space, key, useOf) }));
  return valued
    .sort(({ space: a, value: x }, { space: b, value: y }) => {
      if (x === null || y === null) return Number(x === null) - Number(y === null) || byName(a, b);
      const order =
        typeof x === "number" && typeof y === "number"
          ? x - y
          : collator.compare(String(x), String(y));
      return sign * order || byName(a, b);
    })
    .map(({ space }) => space);
}

function valueOf(
  space: Space,
  key: Exclude<SortKey, "name">,
  useOf: (space: string) => SpaceUse | null,
): number | string | null {
  switch (key) {
    case "stage":
      return URGENCY.indexOf(stageGroup(space.stage));
    case "hardware":
      return flavorOf(space);
    case "cpu":
      return useOf(space.id)?.cpu ?? null;
    case "memory":
      return useOf(space.id)?.memoryUsed ?? null;
    case "network": {
      const use = useOf(space.id);
      return use?.rx == null || use.tx == null ? null : use.rx + use.tx;
    }
  }
}

/**
 * `next` in the order in which it was shown before, with what is new at its end, and with what
 * left the filter but still exists.
 *
 * For while somebody points at the list: a row must not go away from under the pointer.
 */
export function heldOrder(
  before: readonly string[],
  next: readonly Space[],
  find: (id: string) => Space | undefined = () => undefined,
): Space[] {
  const place = new Map(before.map((id, index) => [id, index]));
  const at = (space: Space) => place.get(space.id) ?? Infinity;
  const still = new Set(next.map((space) => space.id));
  const left = before.flatMap((id) => (still.has(id) ? [] : (find(id) ?? [])));
  return [...next, ...left].sort((a, b) => {
    const [x, y] = [at(a), at(b)];
    return x === y ? 0 : x - y;
  });
}
