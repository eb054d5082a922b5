import type { Detail } from "$lib/api/types";
import { scopeWord } from "$lib/auto-heal/heal-words";
import { count, dollars, percent, rate } from "$lib/format/number";
import { absolute } from "$lib/format/time";
import { actionName } from "$lib/jobs/job-words";
import * as m from "$lib/paraglide/messages";
import { stageWord } from "$lib/spaces/stage";

type Of<Code extends Detail["code"]> = Extract<Detail, { code: Code }>;

/**
 * What the program says of what happened, in the person's language.
 *
 * @param words The same in English: what was recorded before there were details, what others said, and
 *   what a newer server says that this page does not know.
 */
export function told(details: Detail | null | undefined, words: string | null | undefined): string {
  return (details && detailWords(details)) || (words ?? "");
}

/** Empty where the code is one that this page does not know. */
export function detailWords(it: Detail): string {
  switch (it.code) {
    case "signed_in":
      return m.detail_signed_in({ address: it.from });
    case "sign_in_refused":
      return m.detail_sign_in_refused({ address: it.from, way: SIGN_IN_WAY[it.with]() });
    case "labels":
      return it.labels.length === 0
        ? m.detail_no_labels()
        : m.detail_labels({ labels: it.labels.join(", ") });
    case "keep_awake":
      return KEEP_AWAKE[it.mode]();
    case "auto_heal":
      return m.detail_auto_heal({ scope: scopeWord(it.scope), choice: HEAL[it.mode]() });
    case "value_set":
      return because(m.detail_value_set({ name: it.key }), it.why);
    case "value_removed":
      return because(m.detail_value_removed({ name: it.key }), it.why);
    case "job":
      return JOB[it.change]({ name: it.name });
    case "jobs_imported":
      return m.detail_jobs_imported({ count: count(it.count) });
    case "not_running":
      return m.detail_not_running({ time: absolute(it.at) });
    case "not_done_after":
      return m.detail_not_done_after({ seconds: count(it.seconds) });
    case "taken_over":
      return m.detail_taken_over();
    case "static_space":
      return m.detail_static_space();
    case "other_stage":
      return m.detail_other_stage({
        stage: stageWord(it.stage),
        wanted: it.wanted.map(stageWord).join(" / "),
      });
    case "unsettled":
      return m.detail_unsettled({ stage: stageWord(it.stage) });
    case "not_paused":
      return m.detail_not_paused({ stage: stageWord(it.stage) });
    case "paused_already":
      return m.detail_paused_already();
    case "paused_by_person":
      return m.detail_paused_by_person();
    case "not_allowed":
      return m.detail_not_allowed({ risk: detailWords(it.risk) });
    case "not_idle":
      return m.detail_not_idle({ minutes: count(it.minutes), why: detailWords(it.why) });
    case "stage_since":
      return m.detail_stage_since({ stage: stageWord(it.stage), time: absolute(it.since) });
    case "nothing_reported":
      return m.detail_nothing_reported({ time: absolute(it.at) });
    case "not_reported":
      return m.detail_not_reported({ what: LOAD[it.what](), time: momentOf(it.at) });
    case "busy":
      return m.detail_busy({ what: LOAD[it.what](), amount: amountOf(it), time: momentOf(it.at) });
    case "use_unknown":
      return m.detail_use_unknown({ why: it.why });
    case "heal_switched_off":
      return m.detail_heal_switched_off();
    case "answers_again":
      return m.detail_answers_again();
    case "costs":
      return m.detail_costs({ hardware: it.flavor, price: dollars(it.cents_per_hour / 100) });
    case "cost_unknown":
      return because(m.detail_cost_unknown({ hardware: it.flavor }), it.why);
    case "quota_of_other":
      return m.detail_quota_of_other({ space: it.space, words: it.words });
    case "place_given_up":
      return m.detail_place_given_up({ owner: it.owner, hardware: it.flavor });
    case "place_unsure":
      return m.detail_place_unsure({ owner: it.owner, stage: stageWord(it.stage) });
    case "questions_cost":
      return m.detail_questions_cost({ cost: detailWords(it.cost) });
    case "answered":
      return m.detail_answered({
        status: it.status,
        millis: count(it.millis),
        seconds: count(it.after_seconds),
      });
    case "hub_answered":
      return m.detail_hub_answered({ status: it.status });
    case "wrong_status":
      return it.wanted == null
        ? m.detail_bad_status({ status: it.status })
        : m.detail_other_status({ status: it.status, wanted: it.wanted });
    case "words_missing":
      return m.detail_words_missing({ status: it.status, words: it.keyword });
    case "fails":
      return m.detail_fails({
        stage: stageWord(it.stage),
        words: it.words ?? m.detail_no_reason(),
      });
    case "no_restart_helps":
      return m.detail_no_restart_helps({ why: detailWords(it.why) });
    case "no_token":
      return m.detail_no_token();
    case "attempts_in_vain":
      return m.detail_attempts_in_vain({ count: count(it.attempts), why: detailWords(it.why) });
    case "attempt":
      return m.detail_attempt({ ...attempt(it), time: absolute(it.since) });
    case "attempt_not_made":
      return m.detail_attempt_not_made(attempt(it));
    case "attempt_failed":
      return it.next == null
        ? m.detail_attempt_failed(attempt(it))
        : m.detail_attempt_failed_next({ ...attempt(it), time: absolute(it.next) });
    case "gave_up":
      return m.detail_gave_up({ why: detailWords(it.why) });
    case "attempts_forgotten":
      return FORGOTTEN[it.because]();
    case "said":
      return it.words;
    default:
      return unknown(it);
  }
}

/** Another code than those above is one of a newer server. */
const unknown = (_: never): string => "";

const SIGN_IN_WAY: Record<Of<"sign_in_refused">["with"], () => string> = {
  password: m.detail_way_password,
  unknown_user: m.detail_way_unknown_user,
  code: m.detail_way_code,
};

const KEEP_AWAKE: Record<Of<"keep_awake">["mode"], () => string> = {
  on: m.detail_keep_awake_on,
  off: m.detail_keep_awake_off,
  follow: m.detail_keep_awake_as_all,
};

const HEAL: Record<Of<"auto_heal">["mode"], () => string> = {
  on: m.heal_on,
  off: m.heal_never,
  follow: m.heal_follow,
};

const JOB: Record<Of<"job">["change"], (of: { name: string }) => string> = {
  made: m.detail_job_made,
  changed: m.detail_job_changed,
  paused: m.detail_job_paused,
  resumed: m.detail_job_resumed,
  removed: m.detail_job_removed,
};

const LOAD: Record<Of<"busy">["what"], () => string> = {
  cpu: m.cpu,
  gpu: m.gpu,
  received: m.detail_received,
  sent: m.detail_sent,
};

const FORGOTTEN: Record<Of<"attempts_forgotten">["because"], () => string> = {
  new_commit: m.detail_forgotten_new_commit,
  paused: m.detail_forgotten_paused,
  ran_well: m.detail_forgotten_ran_well,
  asked: m.detail_forgotten_asked,
};

const momentOf = (at: string | null | undefined): string =>
  at == null ? m.detail_just_now() : absolute(at);

const amountOf = ({ what, amount }: Of<"busy">): string =>
  what === "cpu" || what === "gpu" ? percent(amount) : rate(amount);

const because = (what: string, why: string | null | undefined): string =>
  why ? m.problem_with_detail({ title: what, detail: why }) : what;

const attempt = (it: Of<"attempt" | "attempt_not_made" | "attempt_failed">) => ({
  action: actionName(it.action.type),
  number: count(it.number),
  of: count(it.of),
  why: detailWords(it.why),
});
