import type { HardwareOption, Space } from "$lib/api/types";
import { labelsOf } from "$lib/labels/labels";
import { flavorOf, isBilling, isStatic, ownerOf } from "./space";
import { SORT_KEYS, type SortKey } from "./sorting";
import { STAGE_GROUPS, stageGroup, type StageGroup } from "./stage";

/** Each is one choice, or none. */
export const FACETS = ["label", "sdk", "hardware", "visibility", "tag"] as const;
export type Facet = (typeof FACETS)[number];

/** What a Space is in a respect; several where it has several tags. */
export function facetOf(space: Space, facet: Facet): readonly string[] {
  switch (facet) {
    case "label":
      return labelsOf(space);
    case "sdk":
      return space.sdk ? [space.sdk] : [];
    case "hardware": {
      const flavor = isStatic(space) ? null : flavorOf(space);
      return flavor ? [flavor] : [];
    }
    case "visibility":
      return [space.private ? "private" : "public"];
    case "tag":
      return space.tags ?? [];
  }
}

/** What of the list is shown. It lives in the address, so that a reload or a link keeps it. */
export class SpaceFilter {
  query = $state("");
  group = $state<StageGroup | null>(null);
  owner = $state<string | null>(null);
  billed = $state(false);
  sort = $state<SortKey>("name");
  descending = $state(false);
  #facets = $state.raw<Partial<Record<Facet, string>>>({});

  constructor(params: URLSearchParams) {
    this.read(params);
  }

  /** Takes what an address carries, and forgets what was chosen before. */
  read(params: URLSearchParams): void {
    this.query = params.get("q") ?? "";
    this.owner = params.get("owner");
    this.group = STAGE_GROUPS.find((it) => it === params.get("stage")) ?? null;
    this.billed = params.has("billed");
    const sort = params.get("sort") ?? "";
    this.descending = sort.startsWith("-");
    this.sort = SORT_KEYS.find((it) => it === sort.replace(/^-/, "")) ?? "name";
    this.#facets = Object.fromEntries(
      FACETS.flatMap((facet) => {
        const value = params.get(facet);
        return value === null ? [] : [[facet, value]];
      }),
    );
  }

  get active(): boolean {
    return (
      this.query !== "" ||
      this.group !== null ||
      this.owner !== null ||
      this.billed ||
      Object.keys(this.#facets).length > 0
    );
  }

  facet(facet: Facet): string | null {
    return this.#facets[facet] ?? null;
  }

  setFacet(facet: Facet, value: string | null): void {
    const { [facet]: _, ...others } = this.#facets;
    this.#facets = value === null ? others : { ...others, [facet]: value };
  }

  clear(): void {
    this.query = "";
    this.group = null;
    this.owner = null;
    this.billed = false;
    this.#facets = {};
  }

  toggleGroup(group: StageGroup): void {
    this.group = this.group === group ? null : group;
  }

  toggleBilled(): void {
    this.billed = !this.billed;
  }

  /** Sorts by a column: down from the most where that is the news, and back at the second time. */
  toggleSort(key: SortKey): void {
    const first = key === "cpu" || key === "memory" || key === "network";
    if (this.sort !== key) {
      this.sort = key;
      this.descending = first;
    } else if (this.descending === first) {
      this.descending = !first;
    } else {
      this.sort = "name";
      this.descending = false;
    }
  }

  /** As the address carries it. */
  toSearch(): string {
    const params = new URLSearchParams();
    if (this.query) params.set("q", this.query);
    if (this.owner) params.set("owner", this.owner);
    if (this.group) params.set("stage", this.group);
    if (this.billed) params.set("billed", "");
    for (const facet of FACETS) {
      const value = this.facet(facet);
      if (value !== null) params.set(facet, value);
    }
    if (this.sort !== "name" || this.descending) {
      params.set("sort", `${this.descending ? "-" : ""}${this.sort}`);
    }
    const text = params.toString();
    return text && `?${text}`;
  }

  apply(spaces: readonly Space[], hardware: ReadonlyMap<string, HardwareOption>): Space[] {
    const words = this.query.toLowerCase().split(/\s+/).filter(Boolean);
    const facets = FACETS.flatMap((facet) => {
      const value = this.facet(facet);
      return value === null ? [] : [{ facet, value }];
    });
    return spaces.filter(
      (space) =>
        (this.group === null || stageGroup(space.stage) === this.group) &&
        (this.owner === null || ownerOf(space.id) === this.owner) &&
        (!this.billed || isBilling(space, hardware)) &&
        facets.every(({ facet, value }) => facetOf(space, facet).includes(value)) &&
        words.every((word) => haystack(space).includes(word)),
    );
  }
}

/** The text of a Space never changes: what changed is another object. */
const haystacks = new WeakMap<Space, string>();

function haystack(space: Space): string {
  let text = haystacks.get(space);
  if (text === undefined) {
    text = [
      space.id,
      space.title,
      space.sdk,
      space.stage,
      space.runtime?.hardware?.current,
      ...(space.tags ?? []),
      ...labelsOf(space),
    ]
      .join(" ")
      .toLowerCase();
    haystacks.set(space, text);
  }
  return text;
}
