//! `hfsm jobs` with and without a server that runs, and a server that is killed at work.

use std::time::Duration;

use hfsm_hub_sim::{Durations, Fault, RouteKind, When};
use serde_json::{Value, json};

use crate::harness::{Bench, Ended, SOON, Serving, TOKEN, world};

fn plan(target: &Value) -> String {
    json!({
        "name": "by hand",
        "action": { "type": "restart" },
        "target": target,
        "trigger": { "type": "every", "seconds": 86400, "anchor": "2026-01-01T00:00:00Z" }
    })
    .to_string()
}

/// Runs a command as alice with the data folder of the server.
async fn jobs(bench: &Bench, arguments: &[&str], input: &str) -> Ended {
    let data = bench.data();
    let all = [&["--data-dir", data.to_str().unwrap(), "jobs"], arguments].concat();
    bench.run_reading(&all, input).await
}

async fn serving(bench: &Bench) -> Serving {
    let token = format!("alice:{TOKEN}");
    bench.serve("serve", &[("HF_USER", &token)]).await
}

/// Makes a job for a Space as soon as the server has listed it.
async fn added(bench: &Bench) -> String {
    let plan = plan(&json!({ "type": "spaces", "spaces": ["alice/demo"] }));
    let made = async {
        loop {
            let made = jobs(bench, &["add", "-"], &plan).await;
            if made.code == 0 {
                return made.json()["id"].as_str().unwrap().to_owned();
            }
            assert_eq!(made.code, 3, "{}", made.err);
        }
    };
    tokio::time::timeout(SOON, made).await.expect("the Space is listed")
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_server_that_runs_are_seen_changed_and_run_from_the_command_line() {
    let bench = Bench::new().await;
    let serving = serving(&bench).await;
    let id = added(&bench).await;
    let listed = jobs(&bench, &["list"], "").await;
    assert!(listed.out.contains("by hand") && listed.out.contains(&id), "{}", listed.out);
    let run = jobs(&bench, &["run", &id, "--json"], "").await;
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(run.json()[0]["state"], "done", "{}", run.out);
    assert_eq!(run.json()[0]["actor"]["type"], "command_line", "{}", run.out);
    let weekly = plan(&json!({ "type": "label", "label": "prod" })).replace("86400", "604800");
    let edited = jobs(&bench, &["edit", &id, "-"], &weekly).await;
    assert_eq!(edited.json()["plan"]["trigger"]["seconds"], 604_800, "{}", edited.err);
    assert_eq!(jobs(&bench, &["pause", &id], "").await.code, 0);
    assert!(jobs(&bench, &["list"], "").await.out.contains("paused"));
    let visits = jobs(&bench, &["visits", "--json"], "").await;
    assert_eq!((visits.code, visits.json()), (0, json!([])), "none is kept awake: {}", visits.err);
    let done = jobs(&bench, &["runs", "--state", "done", "--job", &id], "").await;
    assert!(done.out.contains("alice/demo"), "{}", done.out);
    assert_eq!(jobs(&bench, &["runs", "--state", "dancing"], "").await.code, 2);
    assert_eq!(jobs(&bench, &["run", "none"], "").await.code, 3);
    // For no Space: nothing has that label.
    assert_eq!(jobs(&bench, &["run", &id], "").await.code, 2);
    // Somebody who may not read the folder needs the address and the key.
    let elsewhere = ["jobs", "--server", &serving.address, "list"];
    assert_eq!(bench.run(&elsewhere).await.code, 2, "without a key");
    let wrong = [("HFSM_API_KEY", "not-the-key-of-the-server")];
    let refused = bench.run_with(&elsewhere, &wrong).await;
    assert!(refused.code == 2 && refused.err.contains("HFSM_API_KEY"), "{}", refused.err);
    let nowhere = ["jobs", "--server", "http://127.0.0.1:9", "list"];
    assert_eq!(bench.run(&nowhere).await.code, 6);
    assert_eq!(bench.run(&["jobs", "--server", "ftp://x", "list"]).await.code, 2);
    serving.signal("TERM").await;
    serving.end().await;
    assert!(!bench.data().join("server.json").exists());
    // The same without a server.
    assert_eq!(jobs(&bench, &["show", &id], "").await.json()["paused"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_key_is_asked_from_elsewhere() {
    let bench = Bench::new().await;
    let key = [("HFSM_API_KEY", "a-key-of-programs"), ("HF_USER", "alice:")];
    let serving = bench.serve("serve", &key).await;
    let list = ["jobs", "--server", &serving.address, "list", "--json"];
    let listed = bench.run_with(&list, &key).await;
    assert_eq!((listed.code, listed.json()), (0, json!([])), "{}", listed.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_go_to_another_machine_as_a_file_which_says_what_it_does_before_it_does_it() {
    let bench = Bench::new().await;
    let server = serving(&bench).await;
    added(&bench).await;
    let file = jobs(&bench, &["export"], "").await;
    assert!(file.out.contains("by hand") && !file.out.contains(TOKEN), "{}", file.out);
    let kept = file.out.replace("enabled: false", "enabled: true");
    assert_eq!(jobs(&bench, &["import", "-"], &kept).await.code, 0);
    let visits = jobs(&bench, &["visits"], "").await;
    assert!(visits.out.contains("alice/demo") && visits.out.contains("NEXT"), "{}", visits.out);
    let healed = format!(
        "{}\nauto_heal:\n- scope: {{ type: all }}\n  choice: {{ mode: on }}\n",
        file.out.replace("auto_heal: []", "")
    );
    let taken = jobs(&bench, &["import", "-"], &healed).await;
    assert!(taken.code == 0 && taken.out.contains("auto-heal"), "{}{}", taken.out, taken.err);
    assert!(jobs(&bench, &["export"], "").await.out.contains("restarts: 3"));
    let unknown = jobs(&bench, &["import", "-"], &healed.replace("auto_heal", "auto_heel")).await;
    assert!(unknown.code == 2 && unknown.err.contains("auto_heel"), "{}", unknown.err);
    let same = jobs(&bench, &["import", "-", "--json"], &file.out).await;
    assert_eq!(same.json()["entries"][0]["outcome"], "same", "{}", same.out);
    drop(server);

    let other = Bench::new().await;
    let elsewhere = serving(&other).await;
    added(&other).await;
    let mut mixed = file.out.replace("by hand", "from there");
    mixed = mixed.replace("keep_alive:", "- name: lost\n  action: { type: wake }\n  target: { type: spaces, spaces: [alice/none] }\n  trigger: { type: cron, expression: '0 0 30 2 *', zone: UTC }\nkeep_alive:");
    let tried = jobs(&other, &["import", "-", "--dry-run"], &mixed).await;
    assert_eq!(tried.code, 1, "{}", tried.err);
    assert!(
        tried.out.contains("made") && tried.out.contains("no account here sees"),
        "{}",
        tried.out
    );
    assert!(!jobs(&other, &["list"], "").await.out.contains("from there"), "nothing was done");
    let done = jobs(&other, &["import", "-", "--json"], &mixed).await;
    let entries = done.json()["entries"].clone();
    assert_eq!(
        (&entries[0]["outcome"], &entries[1]["outcome"]),
        (&json!("made"), &json!("refused"))
    );
    assert!(entries[1]["line"].as_u64().is_some_and(|line| line > 5), "{entries}");
    assert!(jobs(&other, &["list"], "").await.out.contains("from there"));
    let broken = jobs(&other, &["import", "-"], "version: 1\njobs: yes\n").await;
    assert!(broken.code == 2 && broken.err.contains("line 2"), "{}", broken.err);

    let old = json!({
        "scheduledRestarts": { "alice/demo": { "enabled": true, "intervalHours": 12 },
                               "alice/hidden": { "enabled": true, "intervalHours": "abc" } },
        "keepAliveConfigs": { "alice/demo": { "enabled": true, "intervalMinutes": 60 } },
        "globalKeepAlive": { "enabled": false, "intervalMinutes": 30 }
    });
    let taken = jobs(&other, &["import-old", "-"], &old.to_string()).await;
    assert_eq!(taken.code, 1, "one is refused: {}", taken.err);
    for word in ["whole number", "switched off", "keep-alive", "changed"] {
        assert!(taken.out.contains(word), "{word}: {}", taken.out);
    }
    let again = jobs(&other, &["import-old", "-", "--json"], &old.to_string()).await.json();
    assert_eq!(again["entries"][0]["outcome"], "same", "{again}");
    drop(elsewhere);
}

/// Where a server is killed that is at work.
#[derive(Debug, Clone, Copy, PartialEq)]
enum KilledBefore {
    /// It has taken the run, and asked for nothing yet.
    Request,
    /// The Hub has the request, and does nothing of it.
    HubActs,
    /// The Hub has done it, and its answer is on the way.
    Answer,
    /// The answer came, and the Space is on its way.
    Record,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_at_work_does_nothing_twice_and_loses_nothing() {
    for (killed, requests, states) in [
        (KilledBefore::Request, 1, &["done"][..]),
        (KilledBefore::HubActs, 1, &["failed"]),
        (KilledBefore::Answer, 1, &["done"]),
        (KilledBefore::Record, 1, &["done"]),
    ] {
        let slow = world().durations(Durations::all(Duration::from_secs(4)));
        let bench = Bench::of(slow).await;
        let hub = bench.hub.world();
        let server = serving(&bench).await;
        let id = added(&bench).await;
        let held = match killed {
            KilledBefore::Request => Some(RouteKind::Runtime),
            KilledBefore::HubActs | KilledBefore::Answer => Some(RouteKind::Restart),
            KilledBefore::Record => None,
        };
        let late = Fault::Latency { ms: 60_000, jitter_ms: 0 };
        let late = held.map(|kind| bench.hub.faults().add(late, When::on(kind)));
        let seen = hub.stats().requests(RouteKind::Runtime);
        assert_eq!(jobs(&bench, &["run", &id, "--no-wait"], "").await.code, 0);
        hub.until_asked(|counts| match held {
            Some(RouteKind::Runtime) => counts.requests(RouteKind::Runtime) > seen,
            _ => counts.requests(RouteKind::Restart) > 0,
        })
        .await;
        match killed {
            KilledBefore::Answer => hub.restart("alice/demo").unwrap(),
            KilledBefore::Record => {
                hub.until("alice/demo", |space| space.stage != "RUNNING").await.unwrap();
            }
            KilledBefore::Request | KilledBefore::HubActs => {}
        }
        server.signal("KILL").await;
        server.end().await;
        if let Some(late) = late {
            bench.hub.faults().remove(late);
        }
        let again = serving(&bench).await;
        let run = ended(&bench).await;
        assert!(states.contains(&run["state"].as_str().unwrap()), "{killed:?}: {run}");
        let asked = hub.stats().requests(RouteKind::Restart);
        assert_eq!(asked, requests, "{killed:?}: {run}");
        if run["state"] == "failed" {
            assert!(run["reason"].as_str().unwrap().contains("not sent again"), "{run}");
        }
        drop(again);
    }
}

/// Waits until the only run has ended, and returns it.
async fn ended(bench: &Bench) -> Value {
    let waiting = async {
        loop {
            let runs = jobs(bench, &["runs", "--json"], "").await.json();
            let runs = runs.as_array().unwrap();
            assert_eq!(runs.len(), 1, "{runs:?}");
            let state = runs[0]["state"].as_str().unwrap();
            if !matches!(state, "waiting" | "running") {
                return runs[0].clone();
            }
        }
    };
    tokio::time::timeout(SOON * 2, waiting).await.expect("the run ends")
}
