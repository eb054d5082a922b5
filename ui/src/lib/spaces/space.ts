import type { HardwareOption, Space } from "$lib/api/types";
import { stageGroup } from "./stage";

export const ownerOf = (id: string): string => id.slice(0, id.indexOf("/"));
export const nameOf = (id: string): string => id.slice(id.indexOf("/") + 1);

/** The parameters of the API's paths for one Space. */
export const pathOf = (id: string) => ({ owner: ownerOf(id), name: nameOf(id) });

/** The page of a Space. */
export const pageOf = (id: string): string =>
  `/spaces/${encodeURIComponent(ownerOf(id))}/${encodeURIComponent(nameOf(id))}`;

/** The logs of a Space. */
export const logsOf = (id: string): string => `${pageOf(id)}/logs`;

/** How a Space runs, and what can be set of it. */
export const settingsOf = (id: string): string => `${pageOf(id)}/settings`;

/** So many logs can be read as one. */
const LOGS_TOGETHER = 20;

/** The logs of several Spaces as one; what is static has none. */
export function logsOfAll(spaces: readonly Space[]): string {
  const params = new URLSearchParams();
  const live = spaces.filter((space) => !isStatic(space)).slice(0, LOGS_TOGETHER);
  for (const { id } of live) params.append("space", id);
  return `/logs?${params}`;
}

/** The log that tells most now: of the build while there is nothing else. */
export const firstLogOf = ({ stage }: Space): "build" | "run" =>
  stage === "BUILDING" || stage === "BUILD_ERROR" ? "build" : "run";

/** A log of a stage that rests or failed is another log than the one of a stage that runs. */
export const epochOf = ({ id, stage }: Space): string => `${id} ${stageGroup(stage)}`;

/** Where a job for these Spaces is made; what is static has nothing to act on. */
export function scheduleOf(spaces: readonly Space[]): string {
  const params = new URLSearchParams();
  for (const space of spaces) if (!isStatic(space)) params.append("space", space.id);
  return `/schedules/new?${params}`;
}

/** What is shown as its name: the title of its card, where it has one. */
export const titleOf = (space: Space): string => space.title?.trim() || nameOf(space.id);

export const isStatic = (space: Space): boolean => space.sdk === "static";

/** The flavor that runs, or that would run. */
export const flavorOf = (space: Space): string | null =>
  space.runtime?.hardware?.current ?? space.runtime?.hardware?.requested ?? null;

/** The part of an error that tells something in one line: the last line that is not blank. */
export function shortReason(message: string): string {
  const lines = message.split("\n").map((line) => line.trim());
  return lines.findLast((line) => line !== "") ?? "";
}

export interface Price {
  /** The name for people. */
  name: string;
  usdPerHour: number;
}

/** What `space` costs in an hour when it runs; `null` when the Hub's prices are not known. */
export function priceOf(space: Space, hardware: ReadonlyMap<string, HardwareOption>): Price | null {
  const flavor = space.runtime?.hardware?.requested ?? flavorOf(space);
  const option = flavor ? hardware.get(flavor) : undefined;
  return option ? { name: option.pretty_name, usdPerHour: option.usd_per_hour } : null;
}

/** Whether `space` costs money right now. */
export function isBilling(space: Space, hardware: ReadonlyMap<string, HardwareOption>): boolean {
  const current = space.runtime?.hardware?.current;
  return current != null && (hardware.get(current)?.usd_per_hour ?? 0) > 0;
}
