import type { HardwareOption, Space } from "$lib/api/types";
import { isBilling, ownerOf } from "./space";
import { STAGE_GROUPS, stageGroup, type StageGroup } from "./stage";

/** What of the list is shown. It lives in the address, so that a reload or a link keeps it. */
export class SpaceFilter {
  query = $state("");
  group = $state<StageGroup | null>(null);
  owner = $state<string | null>(null);
  billed = $state(false);

  constructor(params: URLSearchParams) {
    this.query = params.get("q") ?? "";
    this.owner = params.get("owner");
    this.group = STAGE_GROUPS.find((it) => it === params.get("stage")) ?? null;
    this.billed = params.has("billed");
  }

  get active(): boolean {
    return this.query !== "" || this.group !== null || this.owner !== null || this.billed;
  }

  clear(): void {
    this.query = "";
    this.group = null;
    this.owner = null;
    this.billed = false;
  }

  toggleGroup(group: StageGroup): void {
    this.group = this.group === group ? null : group;
  }

  toggleBilled(): void {
    this.billed = !this.billed;
  }

  /** As the address carries it. */
  toSearch(): string {
    const params = new URLSearchParams();
    if (this.query) params.set("q", this.query);
    if (this.owner) params.set("owner", this.owner);
    if (this.group) params.set("stage", this.group);
    if (this.billed) params.set("billed", "");
    const text = params.toString();
    return text && `?${text}`;
  }

  apply(spaces: readonly Space[], hardware: ReadonlyMap<string, HardwareOption>): Space[] {
    const words = this.query.toLowerCase().split(/\s+/).filter(Boolean);
    return spaces.filter(
      (space) =>
        (this.group === null || stageGroup(space.stage) === this.group) &&
        (this.owner === null || ownerOf(space.id) === this.owner) &&
        (!this.billed || isBilling(space, hardware)) &&
        words.every((word) => haystack(space).includes(word)),
    );
  }
}

const haystack = (space: Space): string =>
  [
    space.id,
    space.title,
    space.sdk,
    space.stage,
    space.runtime?.hardware?.current,
    ...(space.tags ?? []),
  ]
    .join(" ")
    .toLowerCase();
