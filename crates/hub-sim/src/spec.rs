//! What a Space is at the simulator's start: said in a test, in the demo, or by the API's `create`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::load::Load;
use crate::stage;

/// What a Space is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sdk {
    /// A Gradio app.
    Gradio,
    /// A container.
    Docker,
    /// A Streamlit app (of old).
    Streamlit,
    /// Files only; nothing runs.
    Static,
}

impl Sdk {
    /// The Hub's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Gradio => "gradio",
            Self::Docker => "docker",
            Self::Streamlit => "streamlit",
            Self::Static => "static",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Gradio, Self::Docker, Self::Streamlit, Self::Static]
            .into_iter()
            .find(|sdk| sdk.word() == word)
    }
}

/// Who sees a Space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Its owner.
    Private,
    /// The app: everybody; the source: its owner.
    Protected,
}

impl Visibility {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Protected => "protected",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Public, Self::Private, Self::Protected].into_iter().find(|v| v.word() == word)
    }
}

/// What a Space does by itself while it runs. Times are of the simulated world.
#[derive(Debug, Clone, PartialEq)]
pub enum Life {
    /// It runs.
    Steady,
    /// Its memory grows until the container is killed (exit code 137).
    LeaksMemory {
        /// From start to death.
        lasts: Duration,
        /// How long until somebody restarts it; `None`: it stays dead.
        revived_after: Option<Duration>,
    },
    /// It dies and is restarted again and again.
    Flaps {
        /// From start to death.
        up: Duration,
        /// From death to restart.
        down: Duration,
    },
    /// No build succeeds.
    FailsToBuild,
    /// The container dies while it boots.
    FailsToStart,
    /// No machine is free.
    CannotBeScheduled,
}

/// How a Space begins. Every method sets one fact; the rest is ordinary.
#[derive(Debug, Clone)]
pub struct SpaceSpec {
    pub(crate) sdk: Option<Sdk>,
    pub(crate) stage: String,
    pub(crate) error_message: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) emoji: String,
    pub(crate) colors: (String, String),
    pub(crate) short_description: Option<String>,
    pub(crate) visibility: Visibility,
    pub(crate) hardware: String,
    pub(crate) gc_timeout: Option<u64>,
    pub(crate) replicas: u32,
    pub(crate) dev_mode: bool,
    pub(crate) likes: u32,
    pub(crate) tags: Vec<String>,
    pub(crate) custom_domain: Option<String>,
    pub(crate) life: Life,
    pub(crate) load: Load,
    pub(crate) abusive: bool,
    pub(crate) disabled: bool,
    pub(crate) without_runtime: bool,
    pub(crate) image_cached: bool,
    pub(crate) secrets: Vec<String>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) log: Vec<String>,
    pub(crate) talks: bool,
    pub(crate) up_for: Duration,
    pub(crate) created_by: Option<String>,
    pub(crate) resource_group: Option<(String, String)>,
}

impl Default for SpaceSpec {
    fn default() -> Self {
        Self {
            sdk: Some(Sdk::Docker),
            stage: stage::RUNNING.to_owned(),
            error_message: None,
            title: None,
            emoji: "🚀".to_owned(),
            colors: ("blue".to_owned(), "green".to_owned()),
            short_description: None,
            visibility: Visibility::Public,
            hardware: "cpu-basic".to_owned(),
            gc_timeout: Some(172_800),
            replicas: 1,
            dev_mode: false,
            likes: 0,
            tags: Vec::new(),
            custom_domain: None,
            life: Life::Steady,
            load: Load::default(),
            abusive: false,
            disabled: false,
            without_runtime: false,
            image_cached: true,
            secrets: Vec::new(),
            variables: BTreeMap::new(),
            log: Vec::new(),
            talks: false,
            up_for: Duration::from_secs(3 * 3600),
            created_by: None,
            resource_group: None,
        }
    }
}

impl SpaceSpec {
    /// It answers visitors (the default).
    #[must_use]
    pub fn running(self) -> Self {
        self.stage(stage::RUNNING)
    }

    /// It sleeps until somebody visits.
    #[must_use]
    pub fn sleeping(self) -> Self {
        self.stage(stage::SLEEPING)
    }

    /// Its owner paused it.
    #[must_use]
    pub fn paused(self) -> Self {
        self.stage(stage::PAUSED)
    }

    /// It is in `stage`, whatever that is: words that nobody knows are taken too.
    #[must_use]
    pub fn stage(mut self, stage: &str) -> Self {
        stage.clone_into(&mut self.stage);
        self
    }

    /// Why it is in its stage.
    #[must_use]
    pub fn error_message(mut self, message: &str) -> Self {
        self.error_message = Some(message.to_owned());
        self
    }

    /// It starts without files: there is nothing to run and no runtime to speak of.
    #[must_use]
    pub fn empty(mut self) -> Self {
        self.sdk = None;
        self.without_runtime = true;
        self.stage(stage::NO_APP_FILE)
    }

    /// What it is made with (default: Docker).
    #[must_use]
    pub fn sdk(mut self, sdk: Sdk) -> Self {
        self.sdk = Some(sdk);
        self
    }

    /// Files only.
    #[must_use]
    pub fn statics(self) -> Self {
        self.sdk(Sdk::Static).running()
    }

    /// The title of its card (default: its name).
    #[must_use]
    pub fn title(mut self, title: &str) -> Self {
        self.title = Some(title.to_owned());
        self
    }

    /// The emoji of its card.
    #[must_use]
    pub fn emoji(mut self, emoji: &str) -> Self {
        emoji.clone_into(&mut self.emoji);
        self
    }

    /// The colours of its card.
    #[must_use]
    pub fn colors(mut self, from: &str, to: &str) -> Self {
        self.colors = (from.to_owned(), to.to_owned());
        self
    }

    /// One line about it.
    #[must_use]
    pub fn short_description(mut self, text: &str) -> Self {
        self.short_description = Some(text.to_owned());
        self
    }

    /// Only its owner sees it.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.visibility = Visibility::Private;
        self
    }

    /// Everybody uses the app, only its owner sees the source.
    #[must_use]
    pub fn protected(mut self) -> Self {
        self.visibility = Visibility::Protected;
        self
    }

    /// The hardware that it runs on (default: `cpu-basic`); paid hardware never sleeps by itself.
    #[must_use]
    pub fn hardware(mut self, flavor: &str) -> Self {
        flavor.clone_into(&mut self.hardware);
        if !matches!(flavor, "cpu-basic" | "zero-a10g") {
            self.gc_timeout = None;
        }
        self
    }

    /// It sleeps after so many seconds without a visit; `None`: never.
    #[must_use]
    pub fn gc_timeout(mut self, seconds: Option<u64>) -> Self {
        self.gc_timeout = seconds;
        self
    }

    /// How many containers serve it (default: 1).
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.replicas = replicas;
        self
    }

    /// Dev mode is on.
    #[must_use]
    pub fn dev_mode(mut self) -> Self {
        self.dev_mode = true;
        self
    }

    /// How many people like it.
    #[must_use]
    pub fn likes(mut self, likes: u32) -> Self {
        self.likes = likes;
        self
    }

    /// A tag besides the usual ones.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// A domain of the owner's.
    #[must_use]
    pub fn custom_domain(mut self, domain: &str) -> Self {
        self.custom_domain = Some(domain.to_owned());
        self
    }

    /// What it does by itself.
    #[must_use]
    pub fn life(mut self, life: Life) -> Self {
        self.life = life;
        self
    }

    /// How busy it is.
    #[must_use]
    pub fn load(mut self, load: Load) -> Self {
        self.load = load;
        self
    }

    /// The Hub flagged it: paused, and a restart answers 503.
    #[must_use]
    pub fn abusive(mut self) -> Self {
        self.abusive = true;
        self.error_message = Some("Flagged as abusive".to_owned());
        self.paused()
    }

    /// The Hub disabled the repository: everything about it answers 403.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.disabled = true;
        self
    }

    /// A visit has to build the image first.
    #[must_use]
    pub fn without_cached_image(mut self) -> Self {
        self.image_cached = false;
        self
    }

    /// A secret that is set.
    #[must_use]
    pub fn secret(mut self, key: &str) -> Self {
        self.secrets.push(key.to_owned());
        self
    }

    /// A variable that is set.
    #[must_use]
    pub fn variable(mut self, key: &str, value: &str) -> Self {
        self.variables.insert(key.to_owned(), value.to_owned());
        self
    }

    /// A line in the run log from the start.
    #[must_use]
    pub fn log(mut self, line: &str) -> Self {
        self.log.push(line.to_owned());
        self
    }

    /// It writes log lines like a real app, by itself.
    #[must_use]
    pub fn talks(mut self) -> Self {
        self.talks = true;
        self
    }

    /// For how long it has been running when the simulator starts (default: three hours).
    #[must_use]
    pub fn up_for(mut self, time: Duration) -> Self {
        self.up_for = time;
        self
    }

    /// The member of the organisation who made it: a contributor may manage their own.
    #[must_use]
    pub fn created_by(mut self, user: &str) -> Self {
        self.created_by = Some(user.to_owned());
        self
    }

    /// The resource group that it belongs to, by id and name.
    #[must_use]
    pub fn resource_group(mut self, id: &str, name: &str) -> Self {
        self.resource_group = Some((id.to_owned(), name.to_owned()));
        self
    }
}
