//! Worlds that are ready: the demo that newcomers see, and many Spaces for benchmarks.

use std::time::Duration;

use crate::dice::{self, Dice};
use crate::load::Load;
use crate::people::{Entity, Plan, Role, Scope, TokenKind};
use crate::spec::{Life, Sdk, SpaceSpec};
use crate::stage;
use crate::world::WorldBuilder;

const MINUTE: Duration = Duration::from_secs(60);
const COLORS: &[&str] = &["red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"];

/// Name, emoji, title: what people make with Gradio.
const GRADIO: &[(&str, &str, &str)] = &[
    ("whisper-notes", "🎙️", "Whisper Notes"),
    ("depth-from-one-photo", "🏔️", "Depth from one photo"),
    ("caption-this", "🖼️", "Caption this!"),
    ("tiny-translator", "🌍", "Tiny Translator"),
    ("voice-cloner-lab", "🗣️", "Voice Lab"),
    ("receipt-reader", "🧾", "Receipt Reader"),
    ("sketch-to-svg", "✏️", "Sketch → SVG"),
    ("plant-doctor", "🪴", "Plant Doctor"),
    ("music-from-text", "🎶", "Music from text"),
    ("layout-detective", "🕵️", "Layout Detective"),
    ("ocr-arena", "🔎", "OCR Arena"),
    ("bird-song-id", "🐦", "Bird song ID"),
];

/// What people make with Docker.
const DOCKER: &[(&str, &str, &str)] = &[
    ("vector-search", "🧭", "Vector search"),
    ("umami-analytics", "📈", "Umami"),
    ("jupyter", "📓", "JupyterLab"),
    ("feedback-api", "💬", "Feedback API"),
    ("status-board", "🚦", "Status board"),
    ("pdf-toolbox", "📎", "PDF toolbox"),
    ("label-studio", "🏷️", "Label Studio"),
    ("webhook-relay", "🪝", "Webhook relay"),
    ("argilla", "🦔", "Argilla"),
    ("rag-backend", "📚", "RAG backend"),
    ("scheduler", "⏰", "Night jobs"),
    ("image-proxy", "🪞", "Image proxy"),
    ("chat-ui", "💭", "Chat UI"),
    ("metrics-exporter", "🧮", "Metrics exporter"),
];

/// What people make without a server.
const STATIC: &[(&str, &str, &str)] = &[
    ("landing", "🏠", "Landing page"),
    ("docs", "📖", "Handbook"),
    ("particle-life", "✨", "Particle Life"),
    ("leaderboard", "🏆", "Leaderboard"),
];

impl WorldBuilder {
    /// Sixty Spaces that live: of two accounts and three organisations, busy by day and quiet by
    /// night, some healthy, some asleep, and some in every kind of trouble.
    #[must_use]
    pub fn demo(self) -> Self {
        self.demo_people().demo_characters().demo_crowd(60)
    }

    /// `count` running Spaces of the user `bench`, whose token is `hf_demo_bench`.
    #[must_use]
    pub fn many(mut self, count: usize) -> Self {
        let seed = self.seed_now();
        self = self
            .user_with("bench", |user| user.full_name("Bench").api_quota(100_000))
            .token("hf_demo_bench", TokenKind::Write);
        for number in 0..count {
            let peak = (dice::mix(seed ^ number as u64) % 24) as f64;
            self = self
                .space(&format!("bench/space-{number:04}"), |space| space.load(Load::web(peak)));
        }
        self
    }

    fn demo_people(self) -> Self {
        let scopes = vec![
            Scope::new(Entity::User("mira".to_owned()), &["repo.content.read"]),
            Scope::new(
                Entity::Org("northwind-lab".to_owned()),
                &["repo.content.read", "repo.write"],
            ),
        ];
        self.user_with("mira", |user| user.full_name("Mira Okafor").plan(Plan::Pro))
            .token("hf_demo_mira_write", TokenKind::Write)
            .token("hf_demo_mira_read", TokenKind::Read)
            .token("hf_demo_mira_fine", TokenKind::FineGrained(scopes))
            .token("hf_demo_mira_oauth", TokenKind::OAuth)
            .token("hf_demo_mira_expired", TokenKind::Expired)
            .user_with("jonas-b", |user| user.full_name("Jonas Bergström").without_payment_method())
            .token("hf_demo_jonas_write", TokenKind::Write)
            .token_kept_out("hf_demo_jonas_no_sso", TokenKind::Write, &[("northwind-lab", "sso")])
            .org("northwind-lab", |org| {
                let org = org.full_name("Northwind Lab").plan(Plan::Team);
                org.member("mira", Role::Admin).member("jonas-b", Role::Contributor)
            })
            .org("open-atlas", |org| {
                let org = org.full_name("Open Atlas 🌐").cpu_basic_limit(3);
                org.member("mira", Role::Read).member("jonas-b", Role::Admin)
            })
            .org("salt-and-pixel", |org| {
                org.full_name("Salt & Pixel").plan(Plan::Enterprise).member("mira", Role::Write)
            })
    }

    /// The Spaces with a story of their own.
    fn demo_characters(self) -> Self {
        self.space("mira/story-painter", |s| {
            let s = s
                .sdk(Sdk::Gradio)
                .title("Story Painter")
                .emoji("🎨")
                .colors("pink", "yellow")
                .likes(1_284);
            s.hardware("a10g-large")
                .gc_timeout(Some(3_600))
                .load(Load::model(19.0))
                .talks()
                .secret("HF_TOKEN")
                .variable("MODEL_ID", "mira/painter-xl")
        })
        .space("northwind-lab/search-api", |s| {
            let s = s
                .title("Search API")
                .emoji("🔍")
                .colors("blue", "indigo")
                .likes(212)
                .hardware("cpu-upgrade");
            s.replicas(2)
                .load(Load::web(13.0))
                .talks()
                .private()
                .custom_domain("search.northwind.example")
                .secret("DATABASE_URL")
                .secret("SENTRY_DSN")
                .variable("LOG_LEVEL", "info")
        })
        .space("mira/leaky-notebook", |s| {
            let s = s
                .title("Leaky Notebook")
                .emoji("🫠")
                .colors("red", "gray")
                .load(Load::web(11.0))
                .talks();
            s.life(Life::LeaksMemory { lasts: MINUTE * 9, revived_after: Some(MINUTE * 3) })
                .up_for(MINUTE * 5)
        })
        .space("jonas-b/flaky-bot", |s| {
            let s = s
                .title("Flaky Bot")
                .emoji("🤖")
                .colors("yellow", "red")
                .load(Load::web(16.0))
                .talks();
            s.life(Life::Flaps { up: MINUTE * 2, down: Duration::from_secs(40) })
        })
        .space("northwind-lab/nightly-trainer", |s| {
            let s = s
                .title("Nightly Trainer")
                .emoji("🌙")
                .colors("indigo", "purple")
                .hardware("l40sx4")
                .private();
            s.load(Load { peak_hour: Some(2.0), ..Load::batch() }).talks().dev_mode()
        })
        .space("mira/broken-build", |s| {
            let s = s.sdk(Sdk::Gradio).title("Speech Studio").emoji("🎧").stage(stage::BUILD_ERROR);
            s.life(Life::FailsToBuild)
                .error_message("Job failed with exit code: 1. Reason: build failed")
        })
        .space("jonas-b/crashed-scraper", |s| {
            let s = s.title("Price scraper").emoji("🕸️").stage(stage::RUNTIME_ERROR).private();
            s.error_message("Exit code: 1. Reason: application error").life(Life::FailsToStart)
        })
        .space("mira/sleepy-demo", |s| {
            s.sdk(Sdk::Gradio).title("Sleepy Demo").emoji("😴").sleeping()
        })
        .space("open-atlas/paused-by-quota", |s| {
            let message = "Quota exceeded for flavor cpu-basic (requested=1): current=3, limit=3";
            s.title("Tile server").emoji("🗺️").paused().error_message(message)
        })
        .space("jonas-b/on-hold", |s| s.title("On hold").emoji("⏸️").paused())
        .space("salt-and-pixel/no-capacity", |s| {
            let s = s.sdk(Sdk::Gradio).title("Video upscaler").emoji("📼").hardware("a100-large");
            let message = "Scheduling failure: not enough hardware capacity";
            s.stage(stage::RUNTIME_ERROR).error_message(message).life(Life::CannotBeScheduled)
        })
        .space("mira/always-building", |s| {
            s.sdk(Sdk::Gradio)
                .title("Just pushed")
                .emoji("🏗️")
                .stage(stage::BUILDING)
                .load(Load::web(14.0))
                .talks()
        })
        .space("open-atlas/from-the-future", |s| {
            s.title("From the future").emoji("🛸").stage("FUTURE_STAGE")
        })
        .space("jonas-b/bad-readme", |s| {
            s.sdk(Sdk::Gradio)
                .title("Untitled")
                .emoji("🧩")
                .stage(stage::CONFIG_ERROR)
                .error_message(
                    "Invalid configuration in README.md: \"sdk_version\" is not a version",
                )
        })
        .space("jonas-b/empty", |s| s.empty())
        .space("mira/xss", |s| {
            let s = s
                .title("<img src=x onerror=alert(document.domain)>")
                .emoji("🧪")
                .load(Load::web(8.0));
            s.short_description("</script><b>bold</b> & \"quoted\"")
                .log("<script>alert(1)</script>")
        })
        .space("salt-and-pixel/flagged", |s| s.title("Flagged").emoji("🚩").abusive())
        .space("mira/zero-chat", |s| {
            let s = s
                .sdk(Sdk::Gradio)
                .title("Zero Chat")
                .emoji("⚡")
                .colors("purple", "pink")
                .likes(96);
            s.hardware("zero-a10g").load(Load::model(21.0)).talks()
        })
        .space("salt-and-pixel/render-farm", |s| {
            let s = s
                .title("Render farm")
                .emoji("🧱")
                .hardware("l4x4")
                .private()
                .load(Load::batch())
                .talks();
            s.variable("WORKERS", "4").resource_group("66f0c0ffee00000000000001", "renderers")
        })
        .space("mira/unicode-title", |s| {
            s.title("Ünïcöde 名前 🦊 مرحبا").emoji("🦊").load(Load::web(6.0)).talks()
        })
    }

    /// Fills the world up to `total` Spaces with ordinary ones.
    fn demo_crowd(mut self, total: usize) -> Self {
        let mut dice = Dice::new(self.seed_now() ^ 0xc40d);
        let owners = ["mira", "jonas-b", "northwind-lab", "open-atlas", "salt-and-pixel"];
        let mut number = 0;
        while self.space_count() < total {
            let (sdk, names) = match number % 15 {
                4 | 9 | 14 => (Sdk::Static, STATIC),
                n if n % 2 == 0 => (Sdk::Gradio, GRADIO),
                _ => (Sdk::Docker, DOCKER),
            };
            let (name, emoji, title) = *dice.pick(names);
            let owner = *dice.pick(&owners);
            number += 1;
            let id = format!("{owner}/{name}");
            if self.has_space(&id) {
                continue;
            }
            let card = ordinary(&mut dice, sdk).title(title).emoji(emoji);
            self = self.space(&id, |_| card);
        }
        self
    }
}

/// One of the many Spaces about which there is nothing to tell.
fn ordinary(dice: &mut Dice, sdk: Sdk) -> SpaceSpec {
    let mut card = SpaceSpec::default().sdk(sdk).likes(dice.below(90) as u32);
    let (from, to) = (*dice.pick(COLORS), *dice.pick(COLORS));
    card = card.colors(from, to);
    card = card.up_for(Duration::from_secs(600 + dice.below(400_000) as u64));
    if sdk == Sdk::Static {
        return card.statics();
    }
    let peak = dice.between(0.0, 24.0);
    card = match dice.below(10) {
        0 | 1 => card.sleeping(),
        2 => card.load(Load::idle()),
        3 if sdk == Sdk::Gradio => card.hardware("t4-small").load(Load::model(peak)).talks(),
        3 | 4 => card.load(Load::batch()).talks(),
        5 | 6 if sdk == Sdk::Gradio => card.load(Load::model(peak)).talks(),
        _ => card.load(Load::web(peak)).talks(),
    };
    if dice.chance(0.25) { card.private() } else { card }
}
