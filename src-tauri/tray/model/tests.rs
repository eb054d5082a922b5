use chrono::TimeDelta;
use hfsm_model::{Runtime, SpaceInfo};

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(1)
}

fn space(name: &str, stage: Stage, error: Option<&str>, minutes: i64) -> Space {
    let id = SpaceId::new("alice", name).unwrap();
    let runtime =
        Runtime { error_message: error.map(str::to_owned), ..Runtime::of_stage(stage.clone()) };
    Space {
        info: SpaceInfo {
            hub_url: format!("https://huggingface.co/spaces/{id}"),
            id,
            title: None,
            emoji: None,
            description: None,
            sdk: None,
            private: false,
            sha: None,
            last_modified: None,
            created_at: None,
            likes: 0,
            tags: Vec::new(),
            app_port: None,
            subdomain: None,
            app_url: None,
            runtime: Some(runtime),
        },
        stage,
        stage_since: now() - TimeDelta::minutes(minutes),
        stage_since_known: true,
        seen_at: now(),
        stale: false,
        accounts: Vec::new(),
        write_access: WriteAccess::Yes,
        labels: Vec::new(),
    }
}

fn condition(failing: Vec<Space>, moving: Vec<Space>) -> Condition {
    let worst = if failing.is_empty() { Worst::AllRight } else { Worst::Failing };
    let total = 28;
    Condition { worst, failing, moving, accounts_in_trouble: Vec::new(), total }
}

fn two_failing() -> Condition {
    condition(
        vec![
            space("doc-search", Stage::RUNTIME_ERROR, Some("Out of memory\nat line 7"), 8),
            space("eval-board", Stage::BUILD_ERROR, None, 130),
        ],
        vec![space("chat-server", Stage::APP_STARTING, None, 0)],
    )
}

fn english(condition: &Condition, mutes: &[Mute]) -> Model {
    Model::of(condition, mutes, true, now(), Language::English)
}

/// The menu as lines of text; what a line opens is set in.
fn drawn(model: &Model) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in &model.entries {
        match entry {
            Entry::Separator => lines.push("-".to_owned()),
            Entry::Text(text) => lines.push(text.clone()),
            Entry::Item(item) => lines.push(format!("[{}]", item.text)),
            Entry::Submenu { text, items } => {
                lines.push(text.clone());
                lines.extend(items.iter().map(|item| format!("  [{}]", item.text)));
            }
        }
    }
    lines
}

#[test]
fn what_is_wrong_comes_first_with_what_can_be_done_about_it() {
    let model = english(&two_failing(), &[]);
    assert_eq!(
        drawn(&model),
        [
            "2 Spaces need you",
            "-",
            "doc-search · Out of memory · 8 min",
            "  [Restart]",
            "  [Logs]",
            "  [Show]",
            "  [Mute for 1 hour]",
            "eval-board · build failed · 2 h",
            "  [Factory rebuild]",
            "  [Build log]",
            "  [Show]",
            "  [Mute for 1 hour]",
            "-",
            "chat-server · starting · 0 s",
            "-",
            "[Mute everything for 1 hour]",
            "[Open Space Manager]",
            "[Quit]",
        ]
    );
    assert_eq!(model.tooltip, "HF Space Manager: 2 Spaces need you");
}

#[test]
fn only_what_can_help_is_offered() {
    let wrong = space("chat", Stage::CONFIG_ERROR, None, 1);
    let mut foreign = space("theirs", Stage::RUNTIME_ERROR, None, 2);
    foreign.write_access = WriteAccess::No;
    let lines = drawn(&english(&condition(vec![wrong, foreign], Vec::new()), &[]));
    let offered = |word: &str| lines.iter().filter(|line| line.contains(word)).count();
    assert_eq!((offered("Restart"), offered("rebuild"), offered("Logs")), (0, 0, 2), "{lines:?}");
}

#[test]
fn when_all_is_right_the_menu_is_short() {
    let model = english(&condition(Vec::new(), Vec::new()), &[]);
    assert_eq!(
        drawn(&model),
        [
            "All right: 28 Spaces",
            "-",
            "[Mute everything for 1 hour]",
            "[Open Space Manager]",
            "[Quit]",
        ]
    );
}

#[test]
fn a_muted_space_is_listed_and_needs_nobody() {
    let mute = Mute {
        space: Some(SpaceId::new("alice", "doc-search").unwrap()),
        until: now() + TimeDelta::minutes(30),
    };
    let lines = drawn(&english(&two_failing(), &[mute]));
    assert_eq!(lines[0], "1 Space needs you");
    assert_eq!(lines[2], "doc-search · Out of memory · 8 min · muted");
    assert_eq!(lines[6], "  [Unmute]");
    assert_eq!(lines[11], "  [Mute for 1 hour]");
}

#[test]
fn when_everything_is_muted_one_line_ends_it() {
    let mute = Mute { space: None, until: now() + TimeDelta::minutes(59) };
    let lines = drawn(&english(&two_failing(), &[mute]));
    assert_eq!(lines[0], "2 Spaces fail, muted");
    assert!(lines.contains(&"[Unmute everything (59 min left)]".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("Mute for 1 hour")), "{lines:?}");
}

#[test]
fn many_failures_fit_onto_a_screen() {
    let failing = (0..30).map(|n| space(&format!("s{n}"), Stage::RUNTIME_ERROR, None, n)).collect();
    let moving = (0..30).map(|n| space(&format!("m{n}"), Stage::BUILDING, None, n)).collect();
    let lines = drawn(&english(&condition(failing, moving), &[]));
    assert!(lines.contains(&"[And 22 more…]".to_owned()), "{lines:?}");
    assert!(lines.iter().filter(|line| !line.starts_with("  ")).count() < 24, "{lines:?}");
}

#[test]
fn a_long_reason_is_shortened_between_letters() {
    let long = "记忆体不足".repeat(30);
    let failing = vec![space("chat", Stage::RUNTIME_ERROR, Some(&long), 1)];
    let lines = drawn(&english(&condition(failing, Vec::new()), &[]));
    let reason = lines[2].split(" · ").nth(1).unwrap();
    assert_eq!(reason.chars().count(), REASON);
    assert!(reason.ends_with('…'), "{reason}");
}

#[test]
fn an_account_that_does_not_work_and_a_hub_that_is_away_are_said() {
    let mut away = condition(Vec::new(), Vec::new());
    away.worst = Worst::Offline;
    assert_eq!(drawn(&english(&away, &[]))[0], "The Hub cannot be reached");
    let nobody = Model::of(&away, &[], false, now(), Language::English);
    assert_eq!(drawn(&nobody)[0], "No account yet");
}

#[test]
fn the_menu_speaks_chinese() {
    let model = Model::of(&two_failing(), &[], true, now(), Language::Chinese);
    let lines = drawn(&model);
    assert_eq!(lines[0], "2 个 Space 需要处理");
    assert_eq!(lines[3], "  [重启]");
}

#[test]
fn every_line_is_known_by_its_name() {
    let space = SpaceId::new("alice", "chat").unwrap();
    for command in [
        Command::Restart(space.clone()),
        Command::Rebuild(space.clone()),
        Command::Show(space.clone()),
        Command::Logs(space.clone()),
        Command::Mute(Some(space.clone())),
        Command::Mute(None),
        Command::Unmute(Some(space)),
        Command::Unmute(None),
        Command::Spaces,
        Command::Accounts,
        Command::Open,
        Command::Quit,
    ] {
        assert_eq!(Command::of_id(&command.id()), Some(command));
    }
    for id in ["", "restart", "restart:alice", "restart:../..", "delete:alice/chat"] {
        assert_eq!(Command::of_id(id), None, "{id}");
    }
}
