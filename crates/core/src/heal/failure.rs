//! What fails, and whether a restart may mend it.

use chrono::{DateTime, Utc};
use hfsm_model::{Detail, GaveUpCause, HealRecord, HealRule, Space, Stage};

/// What is known of a failed build, in small letters, that passes by itself.
const PASSING: &[&str] = &[
    "scheduling failure",
    "not enough hardware capacity",
    "exit code: 137",
    "timed out",
    "timeout exceeded",
    "i/o timeout",
    "connection reset",
    "connection refused",
    "connection aborted",
    "connection broken",
    "temporary failure in name resolution",
    "could not resolve host",
    "network is unreachable",
    "tls handshake",
    "too many requests",
    "internal server error",
    "bad gateway",
    "service unavailable",
    "gateway time-out",
    "gateway timeout",
    "no space left on device",
    "failed to create containerd task",
];

/// How a Space fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) since: DateTime<Utc>,
    pub(super) reason: Detail,
    /// Why a restart does not mend it; `None` where it may.
    pub(super) lasts: Option<GaveUpCause>,
}

/// Tells how a Space fails by the rule; `None` where it does not. `log` is the end of the build log, where
/// it was read.
pub(super) fn failure_of(
    space: &Space,
    rule: &HealRule,
    record: &HealRecord,
    log: Option<&str>,
) -> Option<Failure> {
    let message = space.info.error_message();
    let failure =
        |lasts| Some(Failure { since: space.stage_since, reason: Detail::fails(space), lasts });
    match space.stage.as_str() {
        "RUNTIME_ERROR" if rule.runtime_error => failure(message.and_then(lasting_cause)),
        "BUILD_ERROR" if rule.build_error => {
            let passes = |text: &str| is_passing(text).then_some(());
            let found = message.and_then(passes).or_else(|| log.and_then(passes));
            let lasts = found.is_none().then_some(GaveUpCause::Configuration);
            failure(message.and_then(lasting_cause).or(lasts))
        }
        "CONFIG_ERROR" | "NO_APP_FILE" if rule.build_error => {
            failure(Some(GaveUpCause::Configuration))
        }
        "RUNNING" => {
            let check = rule.health.as_ref()?;
            let health = &record.health;
            let since = health.failing_since.filter(|_| health.failures >= check.failures)?;
            let words = || Detail::said(health.wrong.as_deref().unwrap_or_default());
            let reason = health.wrong_details.clone().unwrap_or_else(words);
            Some(Failure { since, reason, lasts: None })
        }
        _ => None,
    }
}

/// Tells whether the build log has to be read to know more of a failed build.
pub(super) fn needs_log(space: &Space, rule: &HealRule) -> bool {
    let known = |message: &str| is_passing(message) || lasting_cause(message).is_some();
    rule.build_error
        && space.stage == Stage::BUILD_ERROR
        && !space.info.error_message().is_some_and(known)
}

/// Tells by the Hub's words why a restart does not help; `None` where it may.
pub(super) fn lasting_cause(message: &str) -> Option<GaveUpCause> {
    let lower = message.trim().to_ascii_lowercase();
    // What follows is the app's or the build's own, and may say anything.
    if lower.starts_with("exit code") || lower.starts_with("job failed") {
        return None;
    }
    if lower.starts_with("quota exceeded") || lower.contains("quota limit") {
        Some(GaveUpCause::Quota)
    } else if lower.contains("flagged as abusive") {
        Some(GaveUpCause::Abuse)
    } else if lower.contains("payment") || lower.contains("billing") {
        Some(GaveUpCause::Billing)
    } else {
        None
    }
}

/// Tells whether a build that failed with these words may well succeed the next time.
fn is_passing(words: &str) -> bool {
    let lower = words.to_ascii_lowercase();
    PASSING.iter().any(|kind| lower.contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_hub_say_what_lasts_and_those_of_an_app_do_not() {
        for (message, cause) in [
            (
                "Quota exceeded for flavor cpu-basic (requested=1): current=0, limit=0",
                Some(GaveUpCause::Quota),
            ),
            ("Flagged as abusive", Some(GaveUpCause::Abuse)),
            ("You must add a payment method to your account", Some(GaveUpCause::Billing)),
            ("Scheduling failure: not enough hardware capacity", None),
            ("Exit code: 1. Reason: RuntimeError: quota limit of the payment API", None),
            ("Job failed with exit code: 1. Reason: flagged as abusive", None),
            ("", None),
        ] {
            assert_eq!(lasting_cause(message), cause, "{message}");
        }
    }

    #[test]
    fn a_build_that_failed_by_the_network_passes_and_one_by_its_own_fault_does_not() {
        for (words, passes) in [
            ("Scheduling failure: unable to schedule", true),
            ("Job failed with exit code: 137", true),
            ("pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out.", true),
            ("ERROR: 429 Client Error: Too Many Requests", true),
            ("Job failed with exit code: 1. Reason: build failed", false),
            ("ERROR: No matching distribution found for torch==99", false),
        ] {
            assert_eq!(is_passing(words), passes, "{words}");
        }
    }
}
