import type { AwakeHours } from "$lib/api/types";
import { ownZone } from "$lib/jobs/trigger-words.svelte";
import * as m from "$lib/paraglide/messages";

/** What the API takes, in seconds. */
const EVERY = { min: 60, max: 43_200 * 60 };

interface Rule {
  every_minutes?: number | null;
  hours?: AwakeHours | null;
}

/** How often a Space is visited and at which hours it is awake, as a person fills it in. */
export class VisitTimesDraft {
  /** Whether an interval takes the place of the fewest visits that work. */
  fixed = $state(false);
  everySeconds = $state(3600);
  limited = $state(false);
  days = $state.raw<readonly number[]>([1, 2, 3, 4, 5]);
  from = $state("09:00");
  to = $state("18:00");
  zone = $state(ownZone());

  constructor(rule: Rule) {
    this.fixed = rule.every_minutes != null;
    if (rule.every_minutes != null) this.everySeconds = rule.every_minutes * 60;
    this.limited = rule.hours != null;
    if (rule.hours) {
      this.days = rule.hours.days;
      this.from = rule.hours.from;
      this.to = rule.hours.to;
      this.zone = rule.hours.zone;
    }
  }

  readonly faults = $derived({
    every:
      this.fixed && !(this.everySeconds >= EVERY.min && this.everySeconds <= EVERY.max)
        ? m.visits_every_wrong()
        : null,
    days: this.limited && this.days.length === 0 ? m.awake_days_none() : null,
    hours: this.limited && (this.from === "" || this.to === "") ? m.awake_hours_wrong() : null,
  });

  readonly whole = $derived(Object.values(this.faults).every((fault) => fault === null));

  readonly rule = $derived({
    every_minutes: this.fixed ? Math.round(this.everySeconds / 60) : null,
    hours: this.limited
      ? {
          days: [...this.days].sort((a, b) => a - b),
          from: this.from,
          to: this.to,
          zone: this.zone.trim(),
        }
      : null,
  });
}
