//! What a person may choose.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::NoticeKind;

/// What a person may choose. What is absent keeps its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Days for which stage changes are kept, 1 to 3650.
    pub stage_history_days: u16,
    /// Days for which the activity list is kept, 1 to 3650.
    pub activity_days: u16,
    /// Days for which runs that ended are kept, 1 to 3650.
    pub run_days: u16,
    /// Days for which the hourly metrics are kept, 1 to 3650.
    pub metrics_history_days: u16,
    /// Whether the metrics of all running Spaces are received all the time, so that their history
    /// has no holes; otherwise what is watched is kept.
    pub collect_metrics: bool,
    /// Whether nothing is done by itself until a person wants it again.
    pub pause_automation: bool,
    /// What is told without looking.
    pub notifications: NotificationSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stage_history_days: 90,
            activity_days: 365,
            run_days: 90,
            metrics_history_days: 90,
            collect_metrics: false,
            pause_automation: false,
            notifications: Default::default(),
        }
    }
}

/// Which notices are told. What is absent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationSettings {
    /// Whether any is.
    pub enabled: bool,
    /// A Space could not be built.
    pub build_failed: bool,
    /// An app ended with an error.
    pub runtime_error: bool,
    /// A Space runs again after a failure.
    pub recovered: bool,
    /// A Space fell asleep.
    pub fell_asleep: bool,
    /// What a program or a schedule asked for was not done.
    pub action_failed: bool,
    /// A Space could not be mended.
    pub gave_up: bool,
}

impl NotificationSettings {
    /// Returns whether notices of this kind are told.
    pub fn allows(&self, kind: NoticeKind) -> bool {
        self.enabled
            && match kind {
                NoticeKind::BuildFailed => self.build_failed,
                NoticeKind::RuntimeError => self.runtime_error,
                NoticeKind::Recovered => self.recovered,
                NoticeKind::FellAsleep => self.fell_asleep,
                NoticeKind::ActionFailed => self.action_failed,
                NoticeKind::GaveUp => self.gave_up,
            }
    }
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            build_failed: true,
            runtime_error: true,
            recovered: true,
            fell_asleep: true,
            action_failed: true,
            gave_up: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_an_older_version_keep_what_was_chosen_and_tell_everything() {
        let settings: Settings =
            serde_json::from_str(r#"{"stage_history_days":7,"activity_days":30}"#).unwrap();
        assert_eq!((settings.stage_history_days, settings.activity_days), (7, 30));
        assert!(settings.notifications.allows(NoticeKind::FellAsleep));
    }

    #[test]
    fn what_is_switched_off_is_not_told_and_one_switch_silences_all() {
        let quiet = NotificationSettings { fell_asleep: false, ..Default::default() };
        assert!(!quiet.allows(NoticeKind::FellAsleep) && quiet.allows(NoticeKind::RuntimeError));
        let silent = NotificationSettings { enabled: false, ..Default::default() };
        assert!(!silent.allows(NoticeKind::RuntimeError));
    }
}
