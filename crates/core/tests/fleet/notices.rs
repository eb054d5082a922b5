//! What a person is told without looking.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use chrono::TimeDelta;
use hfsm_core::{
    Fleet, Pace, Worst,
    events::{Audience, EventReader, Received, Watch},
};
use hfsm_hub_sim::{Fault, RouteKind, SimHub, When};
use hfsm_model::{
    Action, Actor, Clock, Event, Notice, NoticeKind, NotificationSettings, Settings, Stage,
};
use hfsm_store::Store;

use crate::scene::{Scene, builder_by, event, id, scene, stage_of, until, world};

const ALICE: &str = "alice:hf_alice_write";

async fn notice(reader: &mut EventReader) -> Notice {
    event(reader, "a notice", |event| match event {
        Event::Notice(notice) => Some(notice.clone()),
        _ => None,
    })
    .await
}

/// Waits until a Space is seen in a stage.
async fn seen(fleet: &Fleet, space: &str, stage: &Stage) {
    until(fleet, stage.as_str(), || (stage_of(fleet, space)? == *stage).then_some(())).await;
}

/// Returns the notices that came so far.
fn heard(reader: &mut EventReader) -> Vec<NoticeKind> {
    let mut heard = Vec::new();
    while let Some(Some(received)) = futures::FutureExt::now_or_never(reader.next()) {
        let Received::Batch(batch) = received else { panic!("events were lost") };
        heard.extend(reader.wanted(&batch).filter_map(|frame| match &frame.envelope.event {
            Event::Notice(notice) => Some(notice.kind),
            _ => None,
        }));
    }
    heard
}

async fn running() -> (Scene, EventReader) {
    let scene = scene(world(), ALICE).await;
    seen(&scene.fleet, "alice/demo", &Stage::RUNNING).await;
    let reader = scene.fleet.subscribe(Audience::Everything, Watch::nothing());
    (scene, reader)
}

#[tokio::test]
async fn a_crash_and_its_end_are_told_once_each_however_often_the_hub_is_asked() {
    let (Scene { fleet: _fleet, hub }, mut reader) = running().await;
    hub.world().crash("alice/demo", "Exit code: 137. Reason: out of memory").unwrap();
    let told = notice(&mut reader).await;
    assert_eq!((told.kind, told.space), (NoticeKind::RuntimeError, id("alice/demo")));
    assert_eq!(told.reason.as_deref(), Some("Exit code: 137. Reason: out of memory"));
    let lists = hub.world().stats().requests(RouteKind::List);
    hub.world().until_asked(|counts| counts.requests(RouteKind::List) > lists + 5).await;
    hub.world().set_stage("alice/demo", "RUNNING", None).unwrap();
    assert_eq!(notice(&mut reader).await.kind, NoticeKind::Recovered);
    hub.world().sleep("alice/demo").unwrap();
    assert_eq!(notice(&mut reader).await.kind, NoticeKind::FellAsleep);
}

#[tokio::test]
async fn a_build_that_fails_is_told_and_one_that_had_failed_before_is_not() {
    let old = world().space("alice/broken", |space| space.stage("BUILD_ERROR"));
    let Scene { fleet, hub } = scene(old, ALICE).await;
    seen(&fleet, "alice/broken", &Stage::BUILD_ERROR).await;
    let mut reader = fleet.subscribe(Audience::Everything, Watch::nothing());
    hub.world().set_stage("alice/demo", "CONFIG_ERROR", Some("Missing configuration")).unwrap();
    let told = notice(&mut reader).await;
    assert_eq!((told.kind, told.space), (NoticeKind::BuildFailed, id("alice/demo")));
    assert_eq!(told.reason.as_deref(), Some("Missing configuration"));
    hub.world().set_stage("alice/broken", "RUNNING", None).unwrap();
    seen(&fleet, "alice/broken", &Stage::RUNNING).await;
    assert_eq!(heard(&mut reader), [], "it was not told, so neither is its end");
}

#[tokio::test]
async fn a_flap_is_one_notice_also_when_the_program_is_started_anew_in_between() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hfsm.db");
    let hub = SimHub::start(world().build()).await.unwrap();
    static SHIFT: AtomicI64 = AtomicI64::new(0);
    let pace = Pace { notice_rest: Duration::from_secs(60), ..Pace::brisk() };
    let begin = || async {
        let store = Store::open(&path).await.unwrap();
        let fleet = builder_by(Clock::shifted(&SHIFT), &hub, store, ALICE)
            .pace(pace)
            .build()
            .await
            .unwrap();
        let reader = fleet.subscribe(Audience::Everything, Watch::nothing());
        fleet.start();
        (fleet, reader)
    };
    let (fleet, mut reader) = begin().await;
    seen(&fleet, "alice/demo", &Stage::RUNNING).await;
    hub.world().crash("alice/demo", "first").unwrap();
    let first = notice(&mut reader).await;
    assert_eq!(first.kind, NoticeKind::RuntimeError);
    hub.world().set_stage("alice/demo", "RUNNING", None).unwrap();
    seen(&fleet, "alice/demo", &Stage::RUNNING).await;
    assert_eq!(heard(&mut reader), []);
    fleet.shutdown().await;
    drop(fleet);

    hub.world().crash("alice/demo", "again").unwrap();
    let (fleet, mut reader) = begin().await;
    seen(&fleet, "alice/demo", &Stage::RUNTIME_ERROR).await;
    hub.world().set_stage("alice/demo", "RUNNING", None).unwrap();
    seen(&fleet, "alice/demo", &Stage::RUNNING).await;
    fleet.shutdown().await;
    assert_eq!(heard(&mut reader), []);
    drop(fleet);

    SHIFT.store(61_000, Ordering::SeqCst);
    let (fleet, mut reader) = begin().await;
    let last = notice(&mut reader).await;
    assert_eq!(last.kind, NoticeKind::Recovered, "where it stands after the rest");
    assert!(last.at > first.at);
    fleet.shutdown().await;
    assert_eq!(heard(&mut reader), []);
    drop(fleet);
    let (fleet, mut reader) = begin().await;
    seen(&fleet, "alice/demo", &Stage::RUNNING).await;
    assert_eq!(heard(&mut reader), [], "and never twice");
}

#[tokio::test]
async fn what_is_muted_is_not_told_and_the_mute_ends_by_itself() {
    let (Scene { fleet, hub }, mut reader) = running().await;
    let demo = id("alice/demo");
    assert!(fleet.mute(Some(demo.clone()), TimeDelta::zero()).await.is_err());
    assert!(fleet.mute(Some(id("alice/nothing")), TimeDelta::hours(1)).await.is_err());
    fleet.mute(Some(demo.clone()), TimeDelta::hours(1)).await.unwrap();
    fleet.mute(None, TimeDelta::milliseconds(300)).await.unwrap();
    assert_eq!(fleet.mutes().len(), 2);
    let mut counts = Vec::new();
    while counts != [1, 2, 1] {
        counts.push(
            event(&mut reader, "the end of a mute", |event| match event {
                Event::MutesChanged { mutes } => Some(mutes.len()),
                _ => None,
            })
            .await,
        );
    }
    assert_eq!(fleet.mutes()[0].space, Some(demo.clone()));
    hub.world().crash("alice/demo", "quiet").unwrap();
    seen(&fleet, "alice/demo", &Stage::RUNTIME_ERROR).await;
    assert_eq!(fleet.condition().worst, Worst::Attention, "all that failed is muted");
    hub.world().crash("alice/secret", "loud").unwrap();
    assert_eq!(notice(&mut reader).await.space, id("alice/secret"));
    assert_eq!(fleet.condition().worst, Worst::Failing);
    fleet.unmute(Some(&demo)).await.unwrap();
    assert_eq!(fleet.mutes(), []);
}

#[tokio::test]
async fn what_is_switched_off_is_not_told_and_the_switch_is_an_event() {
    let (Scene { fleet, hub }, mut reader) = running().await;
    let notifications = NotificationSettings { runtime_error: false, ..Default::default() };
    let settings = Settings { notifications, ..Default::default() };
    fleet.set_settings(settings, Actor::Desktop).await.unwrap();
    event(&mut reader, "the settings", |event| match event {
        Event::SettingsChanged(changed) if *changed == settings => Some(()),
        _ => None,
    })
    .await;
    hub.world().crash("alice/demo", "not wanted").unwrap();
    seen(&fleet, "alice/demo", &Stage::RUNTIME_ERROR).await;
    hub.world().set_stage("alice/secret", "BUILD_ERROR", None).unwrap();
    let told = notice(&mut reader).await;
    assert_eq!((told.kind, told.space), (NoticeKind::BuildFailed, id("alice/secret")));
}

#[tokio::test]
async fn an_action_of_a_program_that_fails_is_told_and_one_of_the_person_here_is_not() {
    let (Scene { fleet, hub }, mut reader) = running().await;
    hub.faults().add(Fault::Html { status: 503 }, When::on(RouteKind::Restart));
    fleet.act(&id("alice/secret"), Action::Restart, Actor::Desktop).await.unwrap_err();
    fleet.act(&id("alice/demo"), Action::Restart, Actor::ApiKey).await.unwrap_err();
    let told = notice(&mut reader).await;
    assert_eq!((told.kind, told.space), (NoticeKind::ActionFailed, id("alice/demo")));
    assert_eq!(told.action, Some(Action::Restart));
    assert!(told.reason.is_some_and(|reason| reason.contains("503")), "says why");
}

#[tokio::test]
async fn the_condition_says_what_is_wrong_first() {
    let broken = world()
        .space("alice/failed", |space| space.stage("BUILD_ERROR"))
        .space("alice/starts", |space| space.stage("BUILDING"));
    let Scene { fleet, hub } = scene(broken, "alice:hf_alice_write,bob:hf_bob_write").await;
    until(&fleet, "six Spaces", || (fleet.spaces().len() == 6).then_some(())).await;
    hub.world().crash("bob/tool", "boom").unwrap();
    seen(&fleet, "bob/tool", &Stage::RUNTIME_ERROR).await;
    let condition = fleet.condition();
    let names: Vec<_> = condition.failing.iter().map(|space| space.info.id.as_str()).collect();
    assert_eq!(names, ["bob/tool", "alice/failed"]);
    assert_eq!((condition.worst, condition.total), (Worst::Failing, 6));
    hub.stop();
    fleet.refresh();
    let condition = until(&fleet, "offline", || {
        let condition = fleet.condition();
        (condition.worst == Worst::Offline).then_some(condition)
    })
    .await;
    assert_eq!(condition.accounts_in_trouble.len(), 2);
}
