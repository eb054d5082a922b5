import { createContext } from "svelte";
import { unwrap, type Api } from "$lib/api/client";
import type { ApiEvent, StageChange } from "$lib/api/types";
import { stageGroup, type StageGroup } from "./stage";

const HOURS = 24;
const HOUR_MS = 3_600_000;

/** One hour of the strip: the worst that was, and `null` where nothing is known. */
export type Beat = StageGroup | null;

const UNKNOWN: readonly Beat[] = [];

/** How the stages of all Spaces went in the last day, kept true by events. */
export class HistoryState {
  /** The changes of each Space, oldest first. */
  readonly #changes = new Map<string, StageChange[]>();
  #version = $state(0);
  #known = $state(false);
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async load(): Promise<void> {
    const found = await unwrap(
      this.#api.GET("/api/v1/stage-changes", { params: { query: { hours: HOURS } } }),
    );
    this.#changes.clear();
    for (const change of found.reverse()) this.#add(change);
    this.#known = true;
    this.#version += 1;
  }

  apply(event: ApiEvent): void {
    if (event.type !== "stage_changed") return;
    this.#add(event.data);
    this.#version += 1;
  }

  /** The last day of a Space hour by hour, the current hour last. */
  beats(space: string, stage: string, now: number): readonly Beat[] {
    void this.#version;
    if (!this.#known) return UNKNOWN;
    return beatsOf(this.#changes.get(space) ?? [], stage, now);
  }

  /** The changes of a Space in the last day, oldest first. */
  changesOf(space: string): readonly StageChange[] {
    void this.#version;
    return this.#changes.get(space) ?? [];
  }

  #add(change: StageChange): void {
    const changes = this.#changes.get(change.space);
    if (changes) changes.push(change);
    else this.#changes.set(change.space, [change]);
  }
}

/** What of an hour is worth telling first. */
const WORST_FIRST: readonly StageGroup[] = [
  "failing",
  "paused",
  "sleeping",
  "moving",
  "other",
  "running",
];

/** Most Spaces stay as they are for a day: such days are all the same one. */
const steady = new Map<StageGroup, readonly Beat[]>();

function steadyDay(group: StageGroup): readonly Beat[] {
  let day = steady.get(group);
  if (!day) steady.set(group, (day = Array<Beat>(HOURS).fill(group)));
  return day;
}

export function beatsOf(
  changes: readonly StageChange[],
  stage: string,
  now: number,
): readonly Beat[] {
  if (changes.length === 0) return steadyDay(stageGroup(stage));
  const end = Math.ceil(now / HOUR_MS) * HOUR_MS;
  const begin = end - HOURS * HOUR_MS;
  const times = changes.map((change) => new Date(change.at).getTime());
  const first = times.findIndex((time) => time >= begin);
  // The stage at the beginning: what the first change came from, or what it still is.
  let current: string | null =
    first < 0
      ? stage
      : (changes[first]?.from ?? (first > 0 ? (changes[first - 1]?.to ?? null) : null));
  let next = first < 0 ? changes.length : first;
  return Array.from({ length: HOURS }, (_, hour): Beat => {
    const until = begin + (hour + 1) * HOUR_MS;
    const seen: string[] = current === null ? [] : [current];
    while (next < changes.length && (times[next] ?? 0) < until) {
      current = changes[next]?.to ?? current;
      if (current !== null) seen.push(current);
      next += 1;
    }
    const groups = seen.map(stageGroup);
    return WORST_FIRST.find((group) => groups.includes(group)) ?? null;
  });
}

export const [getHistory, setHistory] = createContext<HistoryState>();
