import type { ExpectedAnswer } from "$lib/api/types";
import * as m from "$lib/paraglide/messages";

const STATUS = { min: 100, max: 599 };

/** What an app has to answer, as a person fills it in. */
export class AnswerDraft {
  path = $state("");
  status = $state("");
  keyword = $state("");

  constructor(answer: ExpectedAnswer | null | undefined) {
    this.path = answer?.path ?? "";
    this.status = String(answer?.status ?? "");
    this.keyword = answer?.keyword ?? "";
  }

  /** What does not fit, by the field; `null` where it fits. */
  readonly faults = $derived({
    path: /^\s*(\/|$)/.test(this.path) ? null : m.answer_path_wrong(),
    status: /^\s*([1-5]\d\d)?\s*$/.test(this.status) ? null : m.whole_number(STATUS),
  });

  readonly whole = $derived(this.faults.path === null && this.faults.status === null);

  readonly wanted = $derived<ExpectedAnswer>({
    path: this.path.trim() || null,
    status: this.status.trim() === "" ? null : Number(this.status),
    keyword: this.keyword || null,
  });

  /** The same, `null` where any answer of the app's own will do. */
  get wantedAtAll(): ExpectedAnswer | null {
    return Object.values(this.wanted).some((part) => part !== null) ? this.wanted : null;
  }
}
