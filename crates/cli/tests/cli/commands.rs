//! The commands that ask the Hub themselves.

use tokio::io::{AsyncBufReadExt, BufReader};

use crate::harness::{Bench, SOON, TOKEN, found_in_files, world};

#[tokio::test(flavor = "multi_thread")]
async fn spaces_are_listed_for_people_and_for_programs() {
    let bench = Bench::new().await;
    let people = bench.run(&["spaces", "list"]).await;
    assert_eq!(people.code, 0, "{}", people.err);
    assert!(people.out.starts_with("SPACE"), "{}", people.out);
    for text in ["alice/demo", "RUNNING", "alice/asleep", "SLEEPING", "alice/hidden", "yes"] {
        assert!(people.out.contains(text), "{text} in {}", people.out);
    }
    assert!(!people.out.contains('\u{1b}'), "no colours where nobody looks");
    let colored = bench.run(&["spaces", "list", "--color", "always"]).await;
    assert!(colored.out.contains('\u{1b}'), "{}", colored.out);

    let programs = bench.run(&["spaces", "list", "--json", "--stage", "running"]).await.json();
    let ids: Vec<_> = programs.as_array().unwrap().iter().map(|s| s["id"].clone()).collect();
    assert_eq!(ids, ["alice/demo", "alice/hidden"]);
    let one = bench.run(&["spaces", "get", "alice/demo", "--json"]).await.json();
    assert_eq!((&one["title"], &one["stage"]), (&"Demo".into(), &"RUNNING".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_followed_until_the_space_runs_again() {
    let bench = Bench::new().await;
    let ended = bench.run(&["spaces", "restart", "alice/demo", "--json"]).await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    let operation = ended.json();
    assert_eq!(operation["state"], "succeeded", "{operation}");
    assert!(operation["steps"].as_array().unwrap().len() >= 3, "{operation}");
    assert_eq!(bench.hub.world().space("alice/demo").unwrap().stage, "RUNNING");
    let paused = bench.run(&["spaces", "pause", "alice/hidden"]).await;
    assert_eq!(paused.code, 0, "{}", paused.err);
    assert!(paused.out.contains("PAUSED"), "{}", paused.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_ends_when_the_stage_is_there_and_has_its_own_exit_code_when_not() {
    let bench = Bench::new().await;
    let at_once = bench.run(&["spaces", "wait", "alice/demo", "--stage", "RUNNING"]).await;
    assert_eq!((at_once.code, at_once.out.trim()), (0, "RUNNING"));
    let late = bench
        .run(&["spaces", "wait", "alice/asleep", "--stage", "RUNNING", "--timeout", "1s"])
        .await;
    assert_eq!(late.code, 6, "{}", late.err);
    assert!(late.err.contains("SLEEPING"), "{}", late.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_failure_has_its_exit_code_and_says_what_to_do() {
    let bench = Bench::new().await;
    let missing = bench.run(&["spaces", "get", "alice/none"]).await;
    assert_eq!(missing.code, 3, "{}", missing.err);
    for usage in [
        &["spaces", "get", "../whoami-v2"][..],
        &["spaces", "fly"],
        &["spaces", "wait", "alice/demo", "--timeout", "720000h"],
    ] {
        assert_eq!(bench.run(usage).await.code, 2, "{usage:?}");
    }
    let nobody = bench.run_with(&["spaces", "list"], &[]).await;
    assert_eq!(nobody.code, 2, "{}", nobody.err);
    assert!(nobody.err.contains("HF_TOKEN") && nobody.err.contains("accounts add"));
    let wrong = bench.run_with(&["spaces", "list"], &[("HF_TOKEN", "hf_nobody_has_this")]).await;
    assert_eq!(wrong.code, 4, "{}", wrong.err);
    assert!(!wrong.err.contains("hf_nobody_has_this"), "{}", wrong.err);
    let reading = [("HF_TOKEN", "hf_alice_reads_everything")];
    let refused = bench.run_with(&["spaces", "restart", "alice/demo"], &reading).await;
    assert_eq!(refused.code, 4, "{}", refused.err);
    let token = format!("alice:{TOKEN}");
    let away = [("HF_USER", token.as_str()), ("HF_ENDPOINT", "http://127.0.0.1:9")];
    let unreachable = bench.run_with(&["spaces", "list"], &away).await;
    assert_eq!(unreachable.code, 5, "{}", unreachable.err);
    let port = bench.run_with(&["serve"], &[("PORT", "many")]).await;
    assert_eq!(port.code, 2);
    assert!(port.err.contains("PORT is `many`"), "{}", port.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_lacks_an_account_is_written_and_fails_all_the_same() {
    let bench = Bench::new().await;
    let users = format!("alice:{TOKEN},bob:hf_nobody_has_this");
    let both = [("HF_USER", users.as_str())];
    let people = bench.run_with(&["spaces", "list"], &both).await;
    assert_eq!(people.code, 4, "{}", people.err);
    assert!(people.out.contains("alice/demo"), "{}", people.out);
    let last = people.err.lines().last().unwrap();
    assert!(last.starts_with("error: "), "{}", people.err);
    assert_eq!(people.err.matches("`bob`").count(), 1, "told once: {}", people.err);
    let programs = bench.run_with(&["spaces", "list", "--json"], &both).await;
    assert_eq!(programs.code, 4);
    assert_eq!(programs.json()[1]["id"], "alice/demo");
    let said = programs.err.lines().last().unwrap();
    let said: serde_json::Value = serde_json::from_str(said).unwrap();
    assert_eq!(said["error"]["code"], "refused", "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_json_for_programs() {
    let bench = Bench::new().await;
    for (arguments, code, word) in [
        (&["spaces", "get", "alice/none", "--json"][..], 3, "not_found"),
        (&["spaces", "fly", "--json"], 2, "usage"),
        (&["--json", "spaces", "get", "../whoami-v2"], 2, "usage"),
    ] {
        let ended = bench.run(arguments).await;
        assert_eq!(ended.code, code, "{}", ended.err);
        for line in ended.err.lines() {
            let said: serde_json::Value = serde_json::from_str(line).expect(line);
            assert_eq!(said["error"]["code"], word, "{said}");
            assert!(said["error"]["message"].as_str().unwrap().len() > 10, "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_come_without_what_could_steer_a_terminal() {
    let bench = Bench::new().await;
    let ended = bench.run(&["logs", "alice/demo"]).await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("first line\n"), "{}", ended.out);
    assert!(ended.out.contains("second line\n") && !ended.out.contains('\u{1b}'), "{}", ended.out);

    let token = format!("alice:{TOKEN}");
    let mut following =
        bench.program(&["logs", "-f", "alice/demo"]).env("HF_USER", token).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut seen = Vec::new();
    let read = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("second line") {
                bench.hub.world().log("alice/demo", "a line that is new").unwrap();
            }
            let last = line.contains("a line that is new");
            seen.push(line);
            if last {
                return;
            }
        }
    };
    tokio::time::timeout(SOON, read).await.expect("the new line");
    let times = seen.iter().filter(|line| line.contains("first line")).count();
    assert_eq!(times, 1, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_hardware_are_shown() {
    let bench = Bench::new().await;
    let metrics = bench.run(&["metrics", "alice/demo", "--json"]).await;
    assert_eq!(metrics.code, 0, "{}", metrics.err);
    assert_eq!(metrics.json()[0]["space"], "alice/demo");
    assert!(metrics.json()[0]["cpu_pct"].is_number(), "{}", metrics.out);
    let all = bench.run(&["metrics"]).await;
    assert!(all.out.contains("alice/hidden") && !all.out.contains("asleep"), "{}", all.out);
    let asleep = bench.run(&["metrics", "alice/asleep"]).await;
    assert_eq!(asleep.code, 3, "{}", asleep.err);
    let hardware = bench.run(&["hardware"]).await;
    assert!(hardware.out.contains("cpu-basic"), "{}", hardware.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_added_from_a_pipe_kept_encrypted_and_removed() {
    let bench = Bench::new().await;
    let data = bench.data();
    let with = |arguments: &[&'static str]| {
        let mut all = vec!["--data-dir", data.to_str().unwrap()];
        all.extend_from_slice(arguments);
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let run = async |arguments: &[&'static str], input: &str| {
        let arguments = with(arguments);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        bench.run_reading(&arguments, input).await
    };
    let added = run(&["accounts", "add"], &format!("{TOKEN}\n")).await;
    assert_eq!(added.code, 0, "{}", added.err);
    assert!(added.out.contains("alice"), "{}", added.out);
    assert!(!found_in_files(&data, TOKEN), "the token is in no file as it is");
    let again = run(&["accounts", "add"], &format!("{TOKEN}\n")).await;
    assert_ne!(again.code, 0);
    assert!(again.err.contains("already"), "{}", again.err);
    let list = run(&["accounts", "list"], "").await;
    assert!(list.out.contains("alice") && list.out.contains("vault"), "{}", list.out);
    let spaces = run(&["spaces", "list"], "").await;
    assert!(spaces.out.contains("alice/hidden"), "{}", spaces.err);
    let checked = run(&["accounts", "check", "alice"], "").await;
    assert_eq!(checked.code, 0, "{}", checked.err);
    bench.hub.world().revoke_token(TOKEN);
    let checked = run(&["accounts", "check", "alice"], "").await;
    assert_eq!(checked.code, 4, "{}", checked.err);
    assert_eq!(run(&["accounts", "remove", "alice"], "").await.code, 0);
    assert_eq!(run(&["spaces", "list"], "").await.code, 2, "no account is left");
    let garbage = run(&["accounts", "add"], "not a token\n").await;
    assert_eq!(garbage.code, 2, "{}", garbage.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_tools_tokens_are_used_and_imported() {
    let bench = Bench::of(world()).await;
    let hf = bench.home.path().join(".cache/huggingface");
    std::fs::create_dir_all(&hf).unwrap();
    std::fs::write(hf.join("token"), format!("{TOKEN}\n")).unwrap();
    std::fs::write(hf.join("stored_tokens"), format!("[laptop]\nhf_token = {TOKEN}\n")).unwrap();
    let used = bench.run_with(&["spaces", "list"], &[]).await;
    assert!(used.out.contains("alice/demo"), "{}", used.err);
    let off = [("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")];
    assert_eq!(bench.run_with(&["spaces", "list"], &off).await.code, 2);
    let listed = bench.run_with(&["accounts", "import", "--list"], &[]).await;
    assert!(listed.out.contains("laptop"), "{}", listed.out);
    let imported = bench.run_with(&["accounts", "import"], &[]).await;
    assert_eq!(imported.code, 0, "{}", imported.err);
    assert!(!imported.out.contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn papers_need_no_hub_and_no_configuration() {
    let bench = Bench::new().await;
    let document = bench.run(&["openapi"]).await.json();
    assert!(document["paths"]["/api/v1/session"].is_object());
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = bench.run(&["completions", shell]).await;
        assert!(script.out.contains("hfsm"), "{shell}");
    }
    let hash = bench.run_reading(&["hash-password"], "correct horse battery\n").await;
    assert!(hash.out.starts_with("$argon2id$"), "{}", hash.out);
    let config = bench.run(&["serve", "--print-config"]).await;
    assert!(config.out.contains("alice:••••") && !config.out.contains(TOKEN), "{}", config.out);
    let help = bench.run(&["--help"]).await;
    assert!(help.out.contains("Exit codes"), "{}", help.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_made_of_a_plan_listed_paused_and_removed_and_cron_is_shown_in_its_zone() {
    let bench = Bench::new().await;
    let plan = serde_json::json!({
        "name": "nightly",
        "action": { "type": "restart" },
        "target": { "type": "label", "label": "prod" },
        "trigger": { "type": "cron", "expression": "0 3 * * *", "zone": "Europe/Paris" }
    });
    let made = bench.run_reading(&["jobs", "create", "-"], &plan.to_string()).await;
    assert_eq!(made.code, 0, "{}", made.err);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let listed = bench.run(&["jobs", "list"]).await;
    for word in ["nightly", "restart", "label prod", "0 3 * * * (Europe/Paris)"] {
        assert!(listed.out.contains(word), "{word}: {}", listed.out);
    }
    let paused = bench.run(&["--json", "jobs", "pause", &id]).await.json();
    assert_eq!((&paused["paused"], &paused["planned_at"]), (&true.into(), &().into()));
    assert_eq!(bench.run(&["--json", "jobs", "runs"]).await.json(), serde_json::json!([]));
    assert_eq!(bench.run(&["jobs", "remove", &id]).await.code, 0);
    assert_eq!(bench.run(&["jobs", "show", &id]).await.code, 3);
    let times = bench.run(&["jobs", "next", "30 9 * * 1", "--zone", "Europe/Rome"]).await;
    assert_eq!(
        times.out.lines().filter(|line| line.starts_with("Mon ")).count(),
        5,
        "{}",
        times.out
    );
    for wrong in ["61 * * * *", "0 0 30 2 *"] {
        assert_eq!(bench.run(&["jobs", "next", wrong]).await.code, 2, "{wrong}");
    }
    assert_eq!(bench.run_reading(&["jobs", "create", "-"], "{}").await.code, 2);
}
