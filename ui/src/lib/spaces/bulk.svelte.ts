import { createContext } from "svelte";
import { problemText } from "$lib/api/problem-text";
import type { HardwareOption, Space } from "$lib/api/types";
import * as m from "$lib/paraglide/messages";
import type { WakesState } from "$lib/jobs/wakes";
import type { AskedAction, OperationsState } from "./operations.svelte";
import { isBilling, isStatic, priceOf } from "./space";
import { isResting, stageGroup } from "./stage";

/** `wake` has the apps of those that rest answer, by a visit or a restart. */
export type BulkAction = AskedAction | "wake";

export interface BulkPlan {
  action: BulkAction;
  spaces: readonly Space[];
  skipped: readonly { space: Space; why: string }[];
  /** What those cost in an hour that are not billed yet, or what a pause saves. */
  usdPerHour: number;
}

/** Says what an action would do to these Spaces, and which it leaves alone for what reason. */
export function planOf(
  action: BulkAction,
  chosen: readonly Space[],
  hardware: ReadonlyMap<string, HardwareOption>,
): BulkPlan {
  const spaces: Space[] = [];
  const skipped: { space: Space; why: string }[] = [];
  for (const space of chosen) {
    const why = refusalOf(action, space);
    if (why === null) spaces.push(space);
    else skipped.push({ space, why });
  }
  const counted = spaces.filter((space) => isBilling(space, hardware) === (action === "pause"));
  const usdPerHour = counted.reduce(
    (sum, space) => sum + (priceOf(space, hardware)?.usdPerHour ?? 0),
    0,
  );
  return { action, spaces, skipped, usdPerHour };
}

function refusalOf(action: BulkAction, space: Space): string | null {
  if (isStatic(space)) return m.skip_static();
  if (space.write_access === "no") return m.skip_no_access();
  if (action === "pause" && stageGroup(space.stage) === "paused") return m.skip_paused();
  if (action === "wake" && !isResting(space.stage)) return m.skip_awake();
  return null;
}

export type BulkItemState = "waiting" | "sending" | "following" | "done" | "failed";

export interface BulkItem {
  space: string;
  title: string;
  state: BulkItemState;
  /** Why it failed. */
  error: string | null;
}

/** How long a person may take it back before anything is sent. */
export const UNDO_MS = 5000;
/** So many are sent at the same time: the Hub counts requests. */
const AT_ONCE = 3;

/** The one action on many Spaces that is under way, item by item. */
export class BulkState {
  #action = $state.raw<BulkAction | null>(null);
  #items = $state.raw<readonly BulkItem[]>([]);
  /** When the first is sent; `null` once that was. */
  #startsAt = $state.raw<number | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #operations: OperationsState;
  readonly #wakes: WakesState;

  constructor(operations: OperationsState, wakes: WakesState) {
    this.#operations = operations;
    this.#wakes = wakes;
  }

  get action(): BulkAction | null {
    return this.#action;
  }

  get items(): readonly BulkItem[] {
    return this.#items;
  }

  get startsAt(): number | null {
    return this.#startsAt;
  }

  readonly done = $derived(this.#items.filter((it) => it.state === "done").length);
  readonly failed = $derived(this.#items.filter((it) => it.state === "failed"));
  readonly underWay = $derived(
    this.#items.some((it) => it.state !== "done" && it.state !== "failed"),
  );

  /** Begins after the time in which it can be taken back. */
  begin({ action, spaces }: BulkPlan, title: (space: Space) => string): void {
    this.#action = action;
    this.#items = spaces.map((space) => ({
      space: space.id,
      title: title(space),
      state: "waiting",
      error: null,
    }));
    this.#startsAt = Date.now() + UNDO_MS;
    this.#timer = setTimeout(() => void this.#run(), UNDO_MS);
  }

  /** Takes it back, or stops what was not sent yet. What the Hub has already goes on. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#startsAt = null;
    this.#items = this.#items.filter((it) => it.state !== "waiting");
    if (this.#items.length === 0) this.#action = null;
  }

  /** Sends those again that failed. */
  retry(): void {
    this.#items = this.#items.map((it) =>
      it.state === "failed" ? { ...it, state: "waiting", error: null } : it,
    );
    void this.#run();
  }

  dismiss(): void {
    if (this.underWay) return;
    this.#action = null;
    this.#items = [];
  }

  async #run(): Promise<void> {
    this.#startsAt = null;
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#sendOneByOne()));
  }

  async #sendOneByOne(): Promise<void> {
    for (;;) {
      const next = this.#items.find((it) => it.state === "waiting");
      const action = this.#action;
      if (!next || action === null) return;
      this.#mark(next.space, "sending");
      try {
        await this.#begin(next.space, action);
        // It may have ended before the answer was here.
        if (this.#stateOf(next.space) === "sending") this.#mark(next.space, "following");
      } catch (error) {
        this.#mark(next.space, "failed", problemText(error));
      }
    }
  }

  #begin(space: string, action: BulkAction): Promise<void> {
    const end = (well: boolean, why: string | null | undefined) =>
      well ? this.#mark(space, "done") : this.#mark(space, "failed", why ?? m.bulk_not_settled());
    return action === "wake"
      ? this.#wakes.begin(space, async (run) => {
          // The words of every reason are more than the list has a use for.
          const { told } = await import("$lib/details/detail-words");
          end(run.state === "done", told(run.details, run.reason) || null);
        })
      : this.#operations.begin(space, action, (ended) =>
          end(ended.state !== "failed", ended.error),
        );
  }

  #stateOf(space: string): BulkItemState | undefined {
    return this.#items.find((it) => it.space === space)?.state;
  }

  #mark(space: string, state: BulkItemState, error: string | null = null): void {
    this.#items = this.#items.map((it) => (it.space === space ? { ...it, state, error } : it));
  }
}

export const [getBulk, setBulk] = createContext<BulkState>();
