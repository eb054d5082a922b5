//! Stories of single Spaces, told with a clock that the test moves.

use super::*;
use crate::clock::SimClock;
use crate::settings::Settings;
use crate::spec::SpaceSpec;

/// A Space in a world whose clock the test moves.
struct Story {
    clock: SimClock,
    settings: Settings,
    start: Instant,
    space: Space,
}

impl Story {
    fn of(card: SpaceSpec) -> Self {
        Self::with(card, Settings::default())
    }

    fn with(card: SpaceSpec, settings: Settings) -> Self {
        let clock = SimClock::new(None, settings.speed);
        let start = Instant::now();
        let at = At { instant: start, clock: &clock, settings: &settings };
        let space = Space::new("alice/demo", card, at);
        Self { clock, settings, start, space }
    }

    /// The Space `seconds` after the start.
    fn at(&mut self, seconds: f64) -> &mut Space {
        let at = At {
            instant: self.start + Duration::from_secs_f64(seconds),
            clock: &self.clock,
            settings: &self.settings,
        };
        self.space.advance(at);
        &mut self.space
    }

    fn act(&mut self, seconds: f64, action: impl FnOnce(&mut Space, At<'_>)) {
        self.at(seconds);
        let at = At {
            instant: self.start + Duration::from_secs_f64(seconds),
            clock: &self.clock,
            settings: &self.settings,
        };
        action(&mut self.space, at);
    }

    fn restart(&mut self, seconds: f64) {
        self.act(seconds, |space, at| space.restart(at, false, Slot::Free));
    }
}

#[test]
fn a_running_space_serves_while_it_restarts_and_then_has_another_container() {
    let mut story = Story::of(SpaceSpec::default());
    let old = story.at(0.0).replicas[0].name.clone();
    story.restart(1.0);
    assert_eq!(story.at(1.5).stage, stage::RUNNING_BUILDING);
    assert_eq!(story.at(3.5).stage, stage::RUNNING_APP_STARTING);
    assert_eq!(story.at(3.5).replicas[0].name, old);
    let space = story.at(8.5);
    assert_eq!(space.stage, stage::RUNNING);
    assert_eq!(space.replicas.len(), 2, "old and new report for a moment");
    let space = story.at(11.0);
    assert_eq!(space.replicas.len(), 1);
    assert_ne!(space.replicas[0].name, old);
}

#[test]
fn a_hard_restart_takes_the_app_down() {
    let settings = Settings { hard_restart: true, ..Settings::default() };
    let mut story = Story::with(SpaceSpec::default(), settings);
    story.restart(1.0);
    let space = story.at(1.0);
    assert_eq!(space.stage, stage::BUILDING);
    assert!(space.replicas.is_empty() && space.hardware_now.is_none());
}

#[test]
fn a_paused_space_builds_starts_and_runs() {
    let mut story = Story::of(SpaceSpec::default().paused());
    story.restart(0.0);
    let stages = [1.0, 4.0, 12.0].map(|second| story.at(second).stage.clone());
    assert_eq!(stages, [stage::BUILDING, stage::APP_STARTING, stage::RUNNING]);
}

#[test]
fn a_factory_rebuild_takes_longer() {
    let mut story = Story::of(SpaceSpec::default());
    story.act(0.0, |space, at| space.restart(at, true, Slot::Free));
    assert_eq!(story.at(9.0).stage, stage::RUNNING_BUILDING);
    assert_eq!(story.at(11.0).stage, stage::RUNNING_APP_STARTING);
}

#[test]
fn a_second_restart_starts_over() {
    let mut story = Story::of(SpaceSpec::default().paused());
    story.restart(0.0);
    story.restart(2.0);
    assert_eq!(story.at(4.0).stage, stage::BUILDING);
    assert_eq!(story.at(6.0).stage, stage::APP_STARTING);
}

#[test]
fn the_running_commit_follows_only_when_the_new_version_serves() {
    let mut story = Story::of(SpaceSpec::default());
    let old = story.at(0.0).head().to_owned();
    story.act(0.0, |space, at| space.push(at, "Fix", "alice", Slot::Free));
    let space = story.at(5.0);
    assert_ne!(space.head(), old);
    assert_eq!(space.running_sha.as_deref(), Some(old.as_str()));
    let space = story.at(8.0);
    assert_eq!(space.running_sha.as_deref(), Some(space.head()));
}

#[test]
fn a_push_leaves_a_paused_space_paused() {
    let mut story = Story::of(SpaceSpec::default().paused());
    story.act(0.0, |space, at| space.push(at, "Fix", "alice", Slot::Free));
    assert_eq!(story.at(60.0).stage, stage::PAUSED);
}

#[test]
fn a_push_wakes_a_sleeping_space_by_a_build() {
    let mut story = Story::of(SpaceSpec::default().sleeping());
    story.act(0.0, |space, at| space.push(at, "Fix", "alice", Slot::Free));
    assert_eq!(story.at(1.0).stage, stage::BUILDING);
    assert_eq!(story.at(12.0).stage, stage::RUNNING);
}

#[test]
fn a_visit_starts_a_sleeping_space_from_its_image_or_builds_it() {
    let mut story = Story::of(SpaceSpec::default().sleeping());
    story.act(0.0, |space, at| space.wake(at, Slot::Free));
    assert_eq!(story.at(0.0).stage, stage::APP_STARTING);
    let mut story = Story::of(SpaceSpec::default().sleeping().without_cached_image());
    story.act(0.0, |space, at| space.wake(at, Slot::Free));
    assert_eq!(story.at(0.0).stage, stage::BUILDING);
}

#[test]
fn a_start_without_a_slot_ends_paused_with_the_hubs_words() {
    let mut story = Story::of(SpaceSpec::default().sleeping());
    story.act(0.0, |space, at| space.wake(at, Slot::Taken { current: 3, limit: 3 }));
    let space = story.at(4.0);
    assert_eq!(space.stage, stage::PAUSED);
    let message = space.error_message.as_deref();
    assert_eq!(
        message,
        Some("Quota exceeded for flavor cpu-basic (requested=1): current=3, limit=3")
    );
}

#[test]
fn an_idle_space_falls_asleep_and_a_visit_puts_that_off() {
    let mut story = Story::of(SpaceSpec::default().hardware("t4-small").gc_timeout(Some(60)));
    story.act(50.0, |space, at| space.last_visit = at.instant);
    assert_eq!(story.at(100.0).stage, stage::RUNNING);
    assert_eq!(story.at(111.0).stage, stage::SLEEPING);
}

#[test]
fn a_leak_ends_with_exit_code_137_and_somebody_comes_to_restart_it() {
    let life = Life::LeaksMemory {
        lasts: Duration::from_secs(60),
        revived_after: Some(Duration::from_secs(30)),
    };
    let mut story = Story::of(SpaceSpec::default().life(life).up_for(Duration::from_secs(10)));
    assert_eq!(story.at(49.0).stage, stage::RUNNING);
    let space = story.at(51.0);
    assert_eq!(space.stage, stage::RUNTIME_ERROR);
    assert!(space.error_message.as_deref().is_some_and(|message| message.contains("137")));
    assert_eq!(story.at(81.0).stage, stage::BUILDING);
    assert_eq!(story.at(92.0).stage, stage::RUNNING);
}

#[test]
fn a_failing_build_and_a_failing_start_end_in_their_stages() {
    let mut story = Story::of(SpaceSpec::default().paused().life(Life::FailsToBuild));
    story.restart(0.0);
    assert_eq!(story.at(4.0).stage, stage::BUILD_ERROR);
    let mut story = Story::of(SpaceSpec::default().paused().life(Life::FailsToStart));
    story.restart(0.0);
    assert_eq!(story.at(12.0).stage, stage::RUNTIME_ERROR);
}

#[test]
fn speed_shortens_every_step() {
    let settings = Settings { speed: 10.0, ..Settings::default() };
    let mut story = Story::with(SpaceSpec::default().paused(), settings);
    story.restart(0.0);
    assert_eq!(story.at(0.4).stage, stage::APP_STARTING);
    assert_eq!(story.at(1.2).stage, stage::RUNNING);
}

#[test]
fn without_durations_a_restart_is_over_at_the_next_look() {
    let durations = crate::settings::Durations::instant();
    let settings = Settings { durations, ..Settings::default() };
    let mut story = Story::with(SpaceSpec::default().paused(), settings);
    story.restart(0.0);
    assert_eq!(story.space.stage, stage::BUILDING);
    assert_eq!(story.at(0.0).stage, stage::RUNNING);
}

#[test]
fn a_new_start_begins_a_new_run_log() {
    let mut story = Story::of(SpaceSpec::default().log("from the first run"));
    story.restart(0.0);
    let space = story.at(10.0);
    let (lines, _) = space.run_log.since(space.run_log.start(None));
    assert!(std::str::from_utf8(&lines[0]).unwrap().contains("===== Application Startup at "));
    assert!(lines.iter().all(|line| !std::str::from_utf8(line).unwrap().contains("first run")));
}

#[test]
fn equal_seeds_make_equal_spaces() {
    let (one, other) = (Story::of(SpaceSpec::default()), Story::of(SpaceSpec::default()));
    assert_eq!(one.space.oid, other.space.oid);
    assert_eq!(one.space.replicas[0].name, other.space.replicas[0].name);
    assert_eq!(one.space.head(), other.space.head());
}
