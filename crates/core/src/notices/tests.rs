//! When something is told, and when not, by a clock of the test's own.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use hfsm_model::{
    Action, Notice, NoticeKind, Runtime, Space, SpaceId, SpaceInfo, Stage, StageChange, WriteAccess,
};

use super::book::{Book, Rules};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn demo() -> SpaceId {
    SpaceId::new("alice", "demo").unwrap()
}

/// One Space, what is told of it, and a program that can be started anew.
#[derive(Default)]
struct Life {
    book: Book,
    stage: Option<(Stage, i64, Option<String>)>,
    told: Vec<(i64, NoticeKind)>,
    quiet: bool,
    mended: bool,
}

impl Life {
    /// A Space that was seen running first.
    fn running() -> Self {
        let mut life = Self::default();
        life.turn(0, &Stage::RUNNING, None);
        life
    }

    fn with<T>(&mut self, second: i64, work: impl FnOnce(&mut Book, &Rules<'_>) -> T) -> T {
        let (quiet, mended) = (self.quiet, self.mended);
        let allows = move |_: NoticeKind, _: &SpaceId| !quiet;
        work(
            &mut self.book,
            &Rules {
                now: at(second),
                rest: TimeDelta::seconds(60),
                allows: &allows,
                is_mended: &|_| mended,
            },
        )
    }

    fn hear(&mut self, second: i64, notices: impl IntoIterator<Item = Notice>) {
        self.told.extend(notices.into_iter().map(|notice| (second, notice.kind)));
    }

    fn turn(&mut self, second: i64, to: &Stage, message: Option<&str>) -> Option<Notice> {
        let from = self.stage.take().map(|(stage, _, _)| stage);
        let message = message.map(ToOwned::to_owned);
        self.stage = Some((to.clone(), second, message.clone()));
        let change = StageChange { space: demo(), at: at(second), from, to: to.clone(), message };
        let notice = self.with(second, |book, rules| book.take_change(&change, rules));
        self.hear(second, notice.clone());
        notice
    }

    fn space(&self) -> Option<Arc<Space>> {
        let (stage, since, message) = self.stage.clone()?;
        let mut runtime = Runtime::of_stage(stage.clone());
        runtime.error_message = message;
        let info = SpaceInfo {
            id: demo(),
            title: None,
            emoji: None,
            description: None,
            sdk: Some("docker".into()),
            private: false,
            sha: None,
            last_modified: None,
            created_at: None,
            likes: 0,
            tags: vec![],
            app_port: None,
            subdomain: None,
            app_url: None,
            hub_url: String::new(),
            runtime: Some(runtime),
        };
        Some(Arc::new(Space {
            info,
            stage,
            stage_since: at(since),
            stage_since_known: true,
            seen_at: at(since),
            stale: false,
            accounts: vec![],
            write_access: WriteAccess::Yes,
            labels: Vec::new(),
        }))
    }

    fn look(&mut self, second: i64) {
        let space = self.space();
        let due = self.with(second, |book, rules| book.look(|_| space.clone(), rules));
        self.hear(second, due);
    }

    fn fail_action(&mut self, second: i64) {
        let notice = Notice {
            id: "one".into(),
            at: at(second),
            kind: NoticeKind::ActionFailed,
            space: demo(),
            stage: Stage::PAUSED,
            reason: Some("Quota exceeded".into()),
            action: Some(Action::Restart),
        };
        let told = self.with(second, |book, rules| book.take_failure(notice, rules));
        self.hear(second, told);
    }

    /// Ends the program and starts it again with what was stored.
    fn start_again(&mut self, second: i64) {
        let stored = serde_json::to_string(&self.book).unwrap();
        self.book = serde_json::from_str(&stored).unwrap();
        let space = self.space();
        let missed = self.with(second, |book, rules| book.catch_up(space.as_slice(), rules));
        self.hear(second, missed);
        self.look(second);
    }
}

use NoticeKind::{ActionFailed, BuildFailed, FellAsleep, Recovered, RuntimeError};

#[test]
fn that_one_more_attempt_to_mend_it_failed_is_no_news() {
    let mut life = Life::running();
    life.turn(100, &Stage::RUNTIME_ERROR, Some("exit code 1"));
    life.mended = true;
    for second in [400, 1000, 2200] {
        life.turn(second, &Stage::APP_STARTING, None);
        life.turn(second + 30, &Stage::RUNTIME_ERROR, Some("exit code 1"));
    }
    assert_eq!(life.told, [(100, RuntimeError)]);
    life.turn(5000, &Stage::APP_STARTING, None);
    life.turn(5030, &Stage::RUNNING, None);
    assert_eq!(life.told, [(100, RuntimeError), (5030, Recovered)]);
}

#[test]
fn a_failure_is_told_with_the_hubs_reason_and_its_end_too() {
    let mut life = Life::running();
    let notice = life.turn(100, &Stage::RUNTIME_ERROR, Some("Exit code: 137")).unwrap();
    assert_eq!((notice.kind, notice.reason.as_deref()), (RuntimeError, Some("Exit code: 137")));
    assert_eq!((notice.at, notice.stage), (at(100), Stage::RUNTIME_ERROR));
    life.look(160);
    life.turn(500, &Stage::APP_STARTING, None);
    life.turn(520, &Stage::RUNNING, None);
    life.look(580);
    assert_eq!(life.told, [(100, RuntimeError), (520, Recovered)]);
}

#[test]
fn every_build_that_fails_is_an_incident_whatever_the_hub_calls_it() {
    let mut life = Life::running();
    for (second, stage) in [
        (100, Stage::RUNNING_BUILDING),
        (110, Stage::BUILD_ERROR),
        (300, Stage::BUILDING),
        (310, Stage::CONFIG_ERROR),
        (400, Stage::NO_APP_FILE),
    ] {
        life.turn(second, &stage, None);
        life.look(second + 60);
    }
    assert_eq!(
        life.told,
        [(110, BuildFailed), (310, BuildFailed)],
        "another word is no other news"
    );
}

#[test]
fn what_was_bad_when_it_was_first_seen_is_not_told() {
    let mut life = Life::default();
    assert_eq!(life.turn(0, &Stage::BUILD_ERROR, Some("old")), None);
    assert_eq!(life.turn(50, &Stage::CONFIG_ERROR, None), None);
    life.start_again(90);
    assert_eq!(life.turn(100, &Stage::RUNNING, None), None, "nothing was told that could be over");
}

#[test]
fn a_pause_is_no_news_and_sleep_is() {
    let mut life = Life::running();
    life.turn(100, &Stage::PAUSED, None);
    life.turn(200, &Stage::RUNNING, None);
    life.turn(300, &Stage::SLEEPING, None);
    life.look(360);
    life.turn(400, &Stage::APP_STARTING, None);
    life.turn(410, &Stage::SLEEPING, None);
    life.turn(500, &Stage::RUNNING, None);
    life.turn(600, &Stage::SLEEPING, None);
    assert_eq!(life.told, [(300, FellAsleep), (600, FellAsleep)]);
}

#[test]
fn three_changes_in_a_minute_are_one_notice() {
    let mut life = Life::running();
    life.turn(100, &Stage::RUNTIME_ERROR, None);
    life.turn(120, &Stage::RUNNING, None);
    life.look(130);
    life.turn(140, &Stage::RUNTIME_ERROR, None);
    life.look(159);
    life.look(160);
    life.look(1000);
    assert_eq!(life.told, [(100, RuntimeError)]);
}

#[test]
fn after_a_minute_it_is_told_where_the_space_stands_if_that_is_news() {
    let mut life = Life::running();
    life.turn(100, &Stage::RUNTIME_ERROR, None);
    life.turn(120, &Stage::RUNNING, None);
    assert_eq!(life.book.next_look(TimeDelta::seconds(60)), Some(at(160)));
    life.look(160);
    assert_eq!(life.told, [(100, RuntimeError), (160, Recovered)]);
    life.turn(170, &Stage::BUILD_ERROR, None);
    life.look(220);
    assert_eq!(life.told[2..], [(220, BuildFailed)], "it rests again after each");
    life.look(280);
    assert_eq!(life.book.next_look(TimeDelta::seconds(60)), None);
}

#[test]
fn a_restart_of_the_program_neither_loses_nor_doubles() {
    let mut life = Life::running();
    life.turn(100, &Stage::RUNTIME_ERROR, None);
    life.start_again(110);
    life.turn(120, &Stage::RUNNING, None);
    life.start_again(130);
    life.start_again(140);
    assert_eq!(life.told, [(100, RuntimeError)]);
    life.start_again(200);
    life.start_again(300);
    assert_eq!(life.told, [(100, RuntimeError), (200, Recovered)]);
}

#[test]
fn a_failure_that_was_stored_but_not_told_when_the_program_was_killed_is_told_once() {
    let mut life = Life::running();
    life.start_again(50);
    life.stage = Some((Stage::RUNTIME_ERROR, 99, Some("killed in between".into())));
    life.start_again(100);
    life.start_again(101);
    life.start_again(500);
    assert_eq!(life.told, [(100, RuntimeError)]);
}

#[test]
fn what_began_in_quiet_is_told_neither_later_nor_when_it_is_over() {
    let mut life = Life::running();
    life.quiet = true;
    life.turn(100, &Stage::RUNTIME_ERROR, None);
    life.quiet = false;
    life.look(160);
    life.start_again(200);
    life.turn(300, &Stage::RUNNING, None);
    assert_eq!(life.told, []);
    life.turn(310, &Stage::RUNTIME_ERROR, None);
    life.quiet = true;
    life.turn(400, &Stage::RUNNING, None);
    assert_eq!(life.told, [(310, RuntimeError)], "and quiet keeps the end back, too");
}

#[test]
fn an_action_that_failed_waits_for_its_turn_and_is_dropped_where_the_space_tells_more() {
    let mut life = Life::running();
    life.fail_action(100);
    life.fail_action(110);
    life.look(160);
    assert_eq!(life.told, [(100, ActionFailed), (160, ActionFailed)]);
    life.fail_action(170);
    life.turn(180, &Stage::BUILD_ERROR, None);
    life.look(220);
    assert_eq!(life.told[2..], [(220, BuildFailed)]);
    assert!(life.book.failed_since(&demo(), at(180)) && !life.book.failed_since(&demo(), at(181)));
}

#[test]
fn a_clock_that_was_set_back_keeps_nothing_back() {
    let mut life = Life::running();
    life.turn(100_000, &Stage::RUNTIME_ERROR, None);
    life.turn(100, &Stage::RUNNING, None);
    assert_eq!(life.told, [(100_000, RuntimeError), (100, Recovered)]);
}
