import { AnswerDraft } from "$lib/answer/answer-draft.svelte";
import type { HealRule } from "$lib/api/types";
import * as m from "$lib/paraglide/messages";

/** What counts until a person says otherwise; the API's own defaults. */
export const USUAL: HealRule = {
  runtime_error: true,
  build_error: true,
  health: null,
  after_minutes: 5,
  restarts: 3,
  factory_rebuild: false,
  wait_minutes: 10,
  max_per_day: 6,
  allow_billed: false,
  allow_slot_risk: false,
};

/** How Spaces are mended, as a person fills it in. */
export class HealDraft {
  runtimeError = $state(true);
  buildError = $state(true);
  checked = $state(false);
  answer = $state.raw(new AnswerDraft(null));
  everyMinutes = $state(5);
  failures = $state(3);
  afterMinutes = $state(0);
  restarts = $state(0);
  factoryRebuild = $state(false);
  waitMinutes = $state(0);
  maxPerDay = $state(0);
  allowBilled = $state(false);
  allowSlotRisk = $state(false);

  constructor(rule: HealRule) {
    this.runtimeError = rule.runtime_error ?? true;
    this.buildError = rule.build_error ?? true;
    this.checked = rule.health != null;
    this.answer = new AnswerDraft(rule.health?.answer);
    this.everyMinutes = rule.health?.every_minutes ?? 5;
    this.failures = rule.health?.failures ?? 3;
    this.afterMinutes = rule.after_minutes ?? 5;
    this.restarts = rule.restarts ?? 3;
    this.factoryRebuild = rule.factory_rebuild ?? false;
    this.waitMinutes = rule.wait_minutes ?? 10;
    this.maxPerDay = rule.max_per_day ?? 6;
    this.allowBilled = rule.allow_billed ?? false;
    this.allowSlotRisk = rule.allow_slot_risk ?? false;
  }

  /** What does not fit, by the field; `null` where it fits. */
  readonly faults = $derived({
    everyMinutes: this.checked ? outside(this.everyMinutes, 1, 1440) : null,
    failures: this.checked ? outside(this.failures, 1, 20) : null,
    afterMinutes: outside(this.afterMinutes, 0, 1440),
    restarts: outside(this.restarts, 1, 10),
    waitMinutes: outside(this.waitMinutes, 1, 1440),
    maxPerDay: outside(this.maxPerDay, 1, 48),
  });

  readonly whole = $derived(
    (!this.checked || this.answer.whole) &&
      Object.values(this.faults).every((fault) => fault === null),
  );

  readonly rule = $derived<HealRule>({
    runtime_error: this.runtimeError,
    build_error: this.buildError,
    health: this.checked
      ? {
          answer: this.answer.wanted,
          every_minutes: this.everyMinutes,
          failures: this.failures,
        }
      : null,
    after_minutes: this.afterMinutes,
    restarts: this.restarts,
    factory_rebuild: this.factoryRebuild,
    wait_minutes: this.waitMinutes,
    max_per_day: this.maxPerDay,
    allow_billed: this.allowBilled,
    allow_slot_risk: this.allowSlotRisk,
  });
}

const outside = (value: number, min: number, max: number): string | null =>
  Number.isInteger(value) && value >= min && value <= max ? null : m.whole_number({ min, max });
