import type { Space } from "$lib/api/types";
import { ownerOf } from "./space";

export type ListItem =
  | { kind: "heading"; key: string; owner: string | null; count: number; folded: boolean }
  | { kind: "space"; space: Space };

interface Wishes {
  grouped: boolean;
  isFavourite: (space: string) => boolean;
  isFolded: (owner: string) => boolean;
}

/** The key of the group of favourites; no owner of the Hub has such a name. */
export const FAVOURITES = "★";

/** Puts headings before the favourites and before the Spaces of each owner; a folded one hides them. */
export function listItems(spaces: readonly Space[], wishes: Wishes): ListItem[] {
  const groups = new Map<string, Space[]>();
  const put = (key: string, space: Space) => {
    const group = groups.get(key);
    if (group) group.push(space);
    else groups.set(key, [space]);
  };
  const favourites = spaces.filter((space) => wishes.isFavourite(space.id));
  for (const space of favourites) put(FAVOURITES, space);
  const others =
    favourites.length === 0 ? spaces : spaces.filter((space) => !wishes.isFavourite(space.id));
  if (!wishes.grouped) return [...flat(groups, wishes), ...others.map(itemOf)];
  const owners = new Map<string, Space[]>();
  for (const space of others) {
    const owner = ownerOf(space.id);
    const group = owners.get(owner);
    if (group) group.push(space);
    else owners.set(owner, [space]);
  }
  for (const owner of [...owners.keys()].sort((a, b) => a.localeCompare(b))) {
    groups.set(owner, owners.get(owner) ?? []);
  }
  return flat(groups, wishes);
}

function flat(groups: ReadonlyMap<string, readonly Space[]>, { isFolded }: Wishes): ListItem[] {
  return [...groups].flatMap(([key, spaces]): ListItem[] => {
    const folded = isFolded(key);
    const owner = key === FAVOURITES ? null : key;
    const heading: ListItem = { kind: "heading", key, owner, count: spaces.length, folded };
    return folded ? [heading] : [heading, ...spaces.map(itemOf)];
  });
}

/** A Space that is listed anew with each key in the filter stays the same item. */
const itemsOfSpaces = new WeakMap<Space, ListItem>();

function itemOf(space: Space): ListItem {
  let item = itemsOfSpaces.get(space);
  if (!item) itemsOfSpaces.set(space, (item = { kind: "space", space }));
  return item;
}

export const keyOfItem = (item: ListItem): string =>
  item.kind === "heading" ? item.key : item.space.id;
