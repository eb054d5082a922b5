import { duration } from "$lib/format/time";
import * as m from "$lib/paraglide/messages";
import { NativeError } from "$lib/platform/native";
import { ApiError, Unreachable } from "./client";
import type { Problem } from "./types";

/** The kind of each problem in the person's language; what happened this time follows it. */
const TITLE: Record<Problem["code"], () => string> = {
  invalid_request: m.code_invalid_request,
  not_found: m.code_not_found,
  method_not_allowed: m.code_method_not_allowed,
  body_too_large: m.code_body_too_large,
  unsupported_media_type: m.code_unsupported_media_type,
  sign_in_needed: m.code_sign_in_needed,
  sign_in_failed: m.code_sign_in_failed,
  too_many_attempts: m.code_too_many_attempts,
  forbidden_origin: m.code_forbidden_origin,
  forbidden_host: m.code_forbidden_host,
  space_not_found: m.code_space_not_found,
  account_not_found: m.code_account_not_found,
  operation_not_found: m.code_operation_not_found,
  job_not_found: m.code_job_not_found,
  run_not_found: m.code_run_not_found,
  stream_not_found: m.code_stream_not_found,
  account_exists: m.code_account_exists,
  account_configured: m.code_account_configured,
  other_user: m.code_other_user,
  token_refused: m.code_token_refused,
  no_write_access: m.code_no_write_access,
  static_space: m.code_static_space,
  oauth_refused: m.code_oauth_refused,
  quota_exceeded: m.code_quota_exceeded,
  payment_required: m.code_payment_required,
  hub_refused: m.code_hub_refused,
  hub_rate_limited: m.code_hub_rate_limited,
  hub_unavailable: m.code_hub_unavailable,
  idempotency_key_reused: m.code_idempotency_key_reused,
  vault_unavailable: m.code_vault_unavailable,
  store_unavailable: m.code_store_unavailable,
  stopping: m.code_stopping,
  internal: m.code_internal,
};

/** What a person reads when a one-time code was not taken. */
export function codeProblemText(error: unknown): string {
  return error instanceof ApiError && error.code === "sign_in_failed"
    ? m.problem_code_failed()
    : problemText(error);
}

/** What a person reads of a failure. */
export function problemText(error: unknown): string {
  if (error instanceof Unreachable) return m.problem_unreachable();
  if (error instanceof NativeError) return error.message;
  if (!(error instanceof ApiError)) return m.problem_unexpected();
  const { code, detail, retry_after_secs: wait } = error.problem;
  if (code === "sign_in_failed") return m.problem_sign_in_failed();
  if (code === "too_many_attempts" && wait != null) {
    return m.problem_too_many_attempts({ wait: duration(wait * 1000) });
  }
  // A code of a newer server than this page is shown in the server's words.
  const title = TITLE[code]?.() ?? error.problem.title;
  return detail ? m.problem_with_detail({ title, detail }) : title;
}
