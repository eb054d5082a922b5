import type { Space } from "$lib/api/types";
import { ownerOf } from "./space";

export type ListItem =
  { kind: "owner"; owner: string; count: number } | { kind: "space"; space: Space };

type Heading = Extract<ListItem, { kind: "owner" }>;

/** Puts a heading before the Spaces of each owner. Expects them sorted by owner. */
export function byOwner(spaces: readonly Space[]): ListItem[] {
  const items: ListItem[] = [];
  let heading: Heading | undefined;
  for (const space of spaces) {
    const owner = ownerOf(space.id);
    if (heading?.owner !== owner) {
      heading = { kind: "owner", owner, count: 0 };
      items.push(heading);
    }
    heading.count += 1;
    items.push({ kind: "space", space });
  }
  return items;
}

export const keyOfItem = (item: ListItem): string =>
  item.kind === "owner" ? item.owner : item.space.id;
