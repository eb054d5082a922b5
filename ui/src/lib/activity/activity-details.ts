import type { Activity } from "$lib/api/types";
import * as m from "$lib/paraglide/messages";

type Say = (match: RegExpExecArray) => string;
const part = (match: RegExpExecArray, index: number): string => match[index] ?? "";

const VALUES: readonly [RegExp, Say][] = [
  [/^set `([^`]*)`$/, (it) => m.detail_value_set({ name: part(it, 1) })],
  [/^removed `([^`]*)`$/, (it) => m.detail_value_removed({ name: part(it, 1) })],
];

/**
 * Details that the program records in its own words, always in the same form.
 *
 * They are kept as English sentences, also for those who read the list by other means; what is not
 * among them is the Hub's or a person's, and stays as it was said.
 */
const FORMS: Partial<Record<Activity["kind"], readonly [RegExp, Say][]>> = {
  sign_in: [
    [/^signed in from (\S+)$/, (it) => m.detail_signed_in({ address: part(it, 1) })],
    [/^sign-in .*refused, from (\S+)$/, (it) => m.detail_sign_in_refused({ address: part(it, 1) })],
  ],
  change_setting: [
    [/^labels: $/, () => m.detail_no_labels()],
    [/^labels: (.+)$/s, (it) => m.detail_labels({ labels: part(it, 1) })],
    [/^keep awake: on$/, () => m.detail_keep_awake_on()],
    [/^keep awake: off$/, () => m.detail_keep_awake_off()],
    [/^keep awake: as for all$/, () => m.detail_keep_awake_as_all()],
  ],
  change_variable: VALUES,
  change_secret: VALUES,
  change_job: [
    [/^(.*): made$/s, (it) => m.detail_job_made({ name: part(it, 1) })],
    [/^(.*): changed$/s, (it) => m.detail_job_changed({ name: part(it, 1) })],
    [/^(.*): paused$/s, (it) => m.detail_job_paused({ name: part(it, 1) })],
    [/^(.*): resumed$/s, (it) => m.detail_job_resumed({ name: part(it, 1) })],
    [/^(.*): removed$/s, (it) => m.detail_job_removed({ name: part(it, 1) })],
  ],
};

/** What there is to say of a line, in the person's language where the program itself worded it. */
export function detailText({ kind, message }: Activity): string {
  if (!message) return "";
  for (const [form, say] of FORMS[kind] ?? []) {
    const match = form.exec(message);
    if (match) return say(match);
  }
  return message;
}
