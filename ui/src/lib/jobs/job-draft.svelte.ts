import { AnswerDraft } from "$lib/answer/answer-draft.svelte";
import type {
  Job,
  JobAction,
  JobPlan,
  JobTarget,
  MissedRule,
  Terms,
  Trigger,
} from "$lib/api/types";
import * as m from "$lib/paraglide/messages";
import { ACTIONS, actionName, type ActionType } from "./job-words";
import { ownZone } from "./trigger-words.svelte";

/** What the API takes. */
const LONGEST_NAME = 80;
const MOST_SPACES = 500;
const JITTER_MAX = 86_400;
const TIMEOUT = { min: 30, max: 86_400, usual: 2100 };
const EVERY = { min: 60, max: 366 * 86_400 };
const IDLE = { min: 60, max: 86_400, usual: 1800 };
const WITHIN_MAX = 43_200 * 60;

const HOUR_MS = 3_600_000;
const CPU_BASIC = "cpu-basic";
/** The Hub's own choice for free hardware. */
const TWO_DAYS = 48 * 3600;

/** What a person is filling in: everything that a plan may hold, whatever is chosen now. */
export class JobDraft {
  /** What was typed; `null` where the job is named by what it does. */
  ownName = $state<string | null>(null);
  action = $state<ActionType>("restart");
  flavor = $state(CPU_BASIC);
  /** Of the action that sets it; `null` is never. */
  sleepTime = $state<number | null>(TWO_DAYS);
  /** That goes with other hardware; `null` is never, `undefined` leaves it to the Hub. */
  hardwareSleepTime = $state<number | null>();

  target = $state<JobTarget["type"]>("spaces");
  spaces = $state.raw<readonly string[]>([]);
  account = $state("");
  label = $state("");

  trigger = $state<Trigger["type"]>("cron");
  everySeconds = $state(6 * 3600);
  anchor = $state("");
  expression = $state("0 4 * * *");
  zone = $state(ownZone());
  at = $state("");

  missed = $state<MissedRule["type"]>("run_once");
  withinSeconds = $state(3600);
  jitterSeconds = $state(0);
  stages = $state.raw<readonly string[] | null>(null);
  idle = $state(false);
  idleSeconds = $state(IDLE.usual);
  answer = $state.raw(new AnswerDraft(null));
  whileMoving = $state(false);
  allowBilled = $state(false);
  allowSlotRisk = $state(false);
  timeoutSeconds = $state(TIMEOUT.usual);

  /** The times that a job has, to the second; a field holds minutes. */
  readonly #exact = new Map<string, string>();

  constructor(now: number) {
    const nextHour = Math.ceil((now + 1) / HOUR_MS) * HOUR_MS;
    this.anchor = this.at = toField(nextHour);
  }

  /** What there is of a job. */
  static of({ plan }: Pick<Job, "plan">, now: number): JobDraft {
    const draft = new JobDraft(now);
    draft.ownName = plan.name;
    draft.#takeAction(plan.action);
    draft.#takeTarget(plan.target);
    draft.#takeTrigger(plan.trigger);
    if (plan.terms) draft.#takeTerms(plan.terms);
    draft.missed = plan.missed?.type ?? "run_once";
    if (plan.missed?.type === "within") draft.withinSeconds = plan.missed.minutes * 60;
    draft.jitterSeconds = plan.jitter_secs ?? 0;
    return draft;
  }

  /** What a link asks for: `?space=alice/demo&action=pause`. */
  static from(search: URLSearchParams, now: number): JobDraft {
    const draft = new JobDraft(now);
    const action = ACTIONS.find((it) => it === search.get("action"));
    if (action) draft.action = action;
    draft.spaces = [...new Set(search.getAll("space"))];
    draft.account = search.get("account") ?? "";
    draft.label = search.get("label") ?? "";
    if (draft.spaces.length === 0 && draft.account !== "") draft.target = "account";
    else if (draft.spaces.length === 0 && draft.label !== "") draft.target = "label";
    return draft;
  }

  get asked(): JobAction {
    switch (this.action) {
      case "set_hardware":
        return {
          type: "set_hardware",
          flavor: this.flavor,
          ...(this.hardwareSleepTime === undefined ? {} : { sleep_time: this.hardwareSleepTime }),
        };
      case "set_sleep_time":
        return { type: "set_sleep_time", sleep_time: this.sleepTime };
      default:
        return { type: this.action };
    }
  }

  get targets(): JobTarget {
    switch (this.target) {
      case "spaces":
        return { type: "spaces", spaces: [...this.spaces] };
      case "account":
        return { type: "account", account: this.account };
      case "label":
        return { type: "label", label: this.label.trim() };
    }
  }

  /** `null` while a time is not typed whole. */
  get fires(): Trigger | null {
    switch (this.trigger) {
      case "every": {
        const anchor = this.#timeOf(this.anchor);
        return anchor && this.everyFits
          ? { type: "every", seconds: this.everySeconds, anchor }
          : null;
      }
      case "cron":
        return this.expression.trim() === "" || this.zone.trim() === ""
          ? null
          : { type: "cron", expression: this.expression.trim(), zone: this.zone.trim() };
      case "once": {
        const at = this.#timeOf(this.at);
        return at ? { type: "once", at } : null;
      }
    }
  }

  /** Whether it looks at what the app answers. */
  get visits(): boolean {
    return this.action === "visit" || this.action === "wake";
  }

  get terms(): Terms {
    return {
      stages: this.stages === null ? null : [...this.stages],
      idle_minutes: this.idle ? Math.round(this.idleSeconds / 60) : null,
      answer: this.visits ? this.answer.wantedAtAll : null,
      while_moving: this.whileMoving,
      allow_billed: this.allowBilled,
      allow_slot_risk: this.allowSlotRisk,
      timeout_secs: this.timeoutSeconds,
    };
  }

  readonly everyFits = $derived(within(this.everySeconds, EVERY.min, EVERY.max));

  /** What keeps it from being saved, by the field that it concerns; the API checks the rest. */
  readonly faults = $derived({
    name:
      this.ownName !== null && [...this.ownName.trim()].length > LONGEST_NAME
        ? m.job_name_too_long({ most: LONGEST_NAME })
        : null,
    target: this.#targetFault(),
    every: this.trigger === "every" && !this.everyFits ? m.every_wrong() : null,
    stages: this.stages?.length === 0 ? m.stages_none() : null,
    idle: this.idle && !within(this.idleSeconds, IDLE.min, IDLE.max) ? m.idle_wrong() : null,
    jitter: within(this.jitterSeconds, 0, JITTER_MAX) ? null : m.jitter_wrong(),
    timeout: within(this.timeoutSeconds, TIMEOUT.min, TIMEOUT.max) ? null : m.timeout_wrong(),
    within:
      this.missed === "within" && !within(this.withinSeconds, 60, WITHIN_MAX)
        ? m.within_wrong()
        : null,
  });

  readonly whole = $derived(
    this.fires !== null &&
      (!this.visits || this.answer.whole) &&
      Object.values(this.faults).every((fault) => fault === null),
  );

  /** What the job is called where nobody named it: what it does, and to what. */
  usualName(targetWord: string): string {
    const name = `${actionName(this.action)} · ${targetWord}`;
    return [...name].slice(0, LONGEST_NAME).join("");
  }

  plan(name: string): JobPlan | null {
    const trigger = this.fires;
    if (!trigger || !this.whole) return null;
    return {
      name,
      action: this.asked,
      target: this.targets,
      trigger,
      missed:
        this.missed === "within"
          ? { type: "within", minutes: Math.round(this.withinSeconds / 60) }
          : { type: this.missed },
      jitter_secs: this.jitterSeconds,
      terms: this.terms,
    };
  }

  #targetFault(): string | null {
    switch (this.target) {
      case "spaces":
        if (this.spaces.length === 0) return m.target_spaces_none();
        return this.spaces.length > MOST_SPACES ? m.target_too_many({ most: MOST_SPACES }) : null;
      case "account":
        return this.account === "" ? m.target_account_none() : null;
      case "label":
        return this.label.trim() === "" ? m.target_label_none() : null;
    }
  }

  #takeAction(action: JobAction): void {
    this.action = action.type;
    if (action.type === "set_hardware") {
      this.flavor = action.flavor;
      this.hardwareSleepTime = action.sleep_time;
    } else if (action.type === "set_sleep_time") this.sleepTime = action.sleep_time ?? null;
  }

  #takeTarget(target: JobTarget): void {
    this.target = target.type;
    if (target.type === "spaces") this.spaces = target.spaces;
    else if (target.type === "account") this.account = target.account;
    else this.label = target.label;
  }

  #takeTrigger(trigger: Trigger): void {
    this.trigger = trigger.type;
    if (trigger.type === "every") {
      this.everySeconds = trigger.seconds;
      this.anchor = this.#fieldOf(trigger.anchor);
    } else if (trigger.type === "cron") {
      this.expression = trigger.expression;
      this.zone = trigger.zone;
    } else this.at = this.#fieldOf(trigger.at);
  }

  #fieldOf(time: string): string {
    const field = toField(new Date(time).getTime());
    this.#exact.set(field, time);
    return field;
  }

  #timeOf(field: string): string | null {
    return this.#exact.get(field) ?? fromField(field);
  }

  #takeTerms(terms: Terms): void {
    this.idle = terms.idle_minutes != null;
    if (terms.idle_minutes != null) this.idleSeconds = terms.idle_minutes * 60;
    this.answer = new AnswerDraft(terms.answer);
    this.stages = terms.stages ?? null;
    this.whileMoving = terms.while_moving ?? false;
    this.allowBilled = terms.allow_billed ?? false;
    this.allowSlotRisk = terms.allow_slot_risk ?? false;
    this.timeoutSeconds = terms.timeout_secs ?? TIMEOUT.usual;
  }
}

const within = (value: number, min: number, max: number): boolean => value >= min && value <= max;

/** A time as a field for date and time takes it: by the clock on the wall here. */
export function toField(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `null` for what is no time. */
export function fromField(text: string): string | null {
  const at = new Date(text);
  return text === "" || Number.isNaN(at.getTime()) ? null : at.toISOString();
}
