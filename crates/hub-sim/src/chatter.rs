//! Log lines as real apps write them: builds, startups, requests, warnings, tracebacks, colours.

use chrono::{DateTime, Utc};

use crate::dice::Dice;
use crate::space::Space;
use crate::spec::Sdk;

/// The first lines of a build, up to where it succeeds or fails.
pub(crate) fn build(space: &Space, date: DateTime<Utc>) -> Vec<String> {
    let sha = &space.head()[..space.head().len().min(7)];
    let queued = format!(
        "===== Build Queued at {} / Commit SHA: {sha} =====",
        date.format("%Y-%m-%d %H:%M:%S")
    );
    let image = match space.card.sdk {
        Some(Sdk::Docker) => "docker.io/library/python:3.12-slim",
        _ => "docker.io/library/python:3.10",
    };
    let mut lines = vec![
        queued,
        String::new(),
        format!(
            "--> FROM {image}@sha256:5b3879b6f3cb77e712644d50262d05a7c146b7312d784a18eff7ff5462e77033"
        ),
    ];
    lines.extend(
        [
            "DONE 0.8s",
            "",
            "--> RUN apt-get update && apt-get install -y git ffmpeg && rm -rf /var/lib/apt/lists/*",
            "CACHED",
            "",
            "--> WORKDIR /app",
            "CACHED",
            "",
            "--> COPY --chown=1000:1000 requirements.txt /app/requirements.txt",
            "DONE 0.0s",
            "",
            "--> RUN pip install --no-cache-dir -r requirements.txt",
            "Collecting fastapi==0.121.1",
            "  Downloading fastapi-0.121.1-py3-none-any.whl (109 kB)",
            "\u{1b}[2K   \u{1b}[38;5;237m━━━━━━━━━━━━━━━━━━━━\u{1b}[0m \u{1b}[32m109.2/109.2 kB\u{1b}[0m \u{1b}[31m9.1 MB/s\u{1b}[0m eta \u{1b}[36m0:00:00\u{1b}[0m",
        ]
        .map(str::to_owned),
    );
    lines
}

/// How a build ends well.
pub(crate) fn build_success(factory: bool) -> Vec<String> {
    let took = if factory { "DONE 41.7s" } else { "DONE 6.2s" };
    [
        took,
        "",
        "--> COPY --chown=1000:1000 . /app",
        "DONE 0.1s",
        "",
        "--> Pushing image",
        "DONE 2.4s",
        "",
        "--> Exporting cache",
        "DONE 0.3s",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// How a build ends badly.
pub(crate) fn build_failure(space: &Space) -> Vec<String> {
    [
        "\u{1b}[91mERROR: Could not find a version that satisfies the requirement torchaudio-nightly==9.1 (from versions: 2.0.1, 2.1.0, 2.4.1)\u{1b}[0m",
        "\u{1b}[91mERROR: No matching distribution found for torchaudio-nightly==9.1\u{1b}[0m",
        "",
        "--> ERROR: process \"/bin/sh -c pip install --no-cache-dir -r requirements.txt\" did not complete successfully: exit code: 1",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([format!("Build of {} failed", space.id())])
    .collect()
}

/// What an app says while it boots.
pub(crate) fn startup(space: &Space, date: DateTime<Utc>) -> Vec<String> {
    match space.card.sdk {
        Some(Sdk::Gradio) => vec![
            "/usr/local/lib/python3.10/site-packages/transformers/utils/hub.py:110: FutureWarning: Using `TRANSFORMERS_CACHE` is deprecated".to_owned(),
            "  warnings.warn(".to_owned(),
            "\rLoading checkpoint shards: 100%|██████████| 2/2 [00:03<00:00,  1.61s/it]".to_owned(),
        ],
        Some(Sdk::Streamlit) => vec![String::new(), "Collecting usage statistics. To deactivate, set browser.gatherUsageStats to false.".to_owned()],
        Some(Sdk::Docker | Sdk::Static) | None => vec![
            "\u{1b}[32mINFO\u{1b}[0m:     Started server process [\u{1b}[36m1\u{1b}[0m]".to_owned(),
            "\u{1b}[32mINFO\u{1b}[0m:     Waiting for application startup.".to_owned(),
            format!("{} \u{1b}[1mmigrations\u{1b}[0m up to date", date.format("%H:%M:%S")),
        ],
    }
}

/// What an app says when it is up.
pub(crate) fn ready(space: &Space) -> Vec<String> {
    match space.card.sdk {
        Some(Sdk::Gradio) => vec![
            "* Running on local URL:  http://0.0.0.0:7860, with SSR ⚡ (experimental)".to_owned(),
            String::new(),
            "To create a public link, set `share=True` in `launch()`.".to_owned(),
        ],
        Some(Sdk::Streamlit) => vec!["  You can now view your Streamlit app in your browser.".to_owned(), "  URL: http://0.0.0.0:8501".to_owned()],
        Some(Sdk::Docker | Sdk::Static) | None => vec![
            "\u{1b}[32mINFO\u{1b}[0m:     Application startup complete.".to_owned(),
            "\u{1b}[32mINFO\u{1b}[0m:     Uvicorn running on \u{1b}[1mhttp://0.0.0.0:7860\u{1b}[0m (Press CTRL+C to quit)".to_owned(),
        ],
    }
}

/// One thing that a busy app says; several lines when it is a traceback.
pub(crate) fn line(space: &Space, dice: &mut Dice, date: DateTime<Utc>) -> Vec<String> {
    if dice.chance(0.012) {
        return traceback(space);
    }
    if dice.chance(0.03) {
        let seconds = dice.between(2.0, 9.0);
        return vec![format!("\u{1b}[33mWARNING\u{1b}[0m: slow request: took {seconds:.1} s")];
    }
    let visitor =
        format!("10.16.{}.{}:{}", dice.below(255), dice.below(255), 10_000 + dice.below(50_000));
    match space.card.sdk {
        Some(Sdk::Gradio) => gradio(dice),
        Some(Sdk::Streamlit) => {
            vec![format!(
                "{} Rerun of page `{}` in {} ms",
                date.format("%Y-%m-%d %H:%M:%S%.3f"),
                dice.pick(&["main", "charts", "about"]),
                12 + dice.below(400)
            )]
        }
        Some(Sdk::Docker | Sdk::Static) | None => web(dice, &visitor),
    }
}

fn gradio(dice: &mut Dice) -> Vec<String> {
    match dice.below(4) {
        0 => {
            let steps = *dice.pick(&[20, 28, 50]);
            let speed = dice.between(3.0, 22.0);
            vec![format!(
                "\r100%|██████████| {steps}/{steps} [00:{:02}<00:00, {speed:.2}it/s]",
                (f64::from(steps) / speed) as u32
            )]
        }
        1 => vec![format!(
            "generated {} tokens in {:.2} s",
            40 + dice.below(900),
            dice.between(0.6, 14.0)
        )],
        2 => vec![format!("queue: {} waiting, {} running", dice.below(6), 1 + dice.below(2))],
        _ => vec![format!(
            "prompt ({} characters): \"{}\"",
            12 + dice.below(300),
            dice.pick(&[
                "a fox in the snow, oil on canvas",
                "Erkläre mir die Gezeiten",
                "資料を要約してください",
                "résumé of the attached pdf 📄"
            ])
        )],
    }
}

fn web(dice: &mut Dice, visitor: &str) -> Vec<String> {
    let path = *dice.pick(&[
        "/",
        "/health",
        "/api/predict",
        "/api/items?page=2",
        "/static/app.css",
        "/favicon.ico",
        "/ws",
        "/login",
    ]);
    let (status, colour) = if path == "/favicon.ico" {
        ("404 Not Found", "31")
    } else if dice.chance(0.02) {
        ("500 Internal Server Error", "91")
    } else {
        ("200 OK", "32")
    };
    let verb = if path == "/api/predict" || path == "/login" { "POST" } else { "GET" };
    vec![format!(
        "\u{1b}[32mINFO\u{1b}[0m:     {visitor} - \"\u{1b}[1m{verb} {path} HTTP/1.1\u{1b}[0m\" \u{1b}[{colour}m{status}\u{1b}[0m"
    )]
}

/// An exception that reached the top.
pub(crate) fn traceback(space: &Space) -> Vec<String> {
    let (file, line, what) = match space.card.sdk {
        Some(Sdk::Gradio) => (
            "/home/user/app/app.py",
            87,
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
        ),
        _ => ("/app/main.py", 142, "httpx.ReadTimeout: The read operation timed out"),
    };
    vec![
        "Traceback (most recent call last):".to_owned(),
        format!("  File \"{file}\", line {line}, in handle"),
        "    result = await pipeline(request)".to_owned(),
        "             ^^^^^^^^^^^^^^^^^^^^^^^".to_owned(),
        format!("  File \"{file}\", line {}, in pipeline", line - 31),
        "    raise error".to_owned(),
        format!("\u{1b}[31m{what}\u{1b}[0m"),
    ]
}

/// The last words of a container that ran out of memory.
pub(crate) fn killed() -> Vec<String> {
    vec![
        "\u{1b}[33mWARNING\u{1b}[0m: memory at 97 % of the limit, dropping caches".to_owned(),
        "\u{1b}[33mWARNING\u{1b}[0m: memory at 99 % of the limit".to_owned(),
        "Killed".to_owned(),
    ]
}
