//! What the icon and its menu say, made from how the Spaces are. Knows nothing of how a menu is
//! drawn.

use chrono::{DateTime, Utc};
use hfsm_core::{Condition, Error, Fleet, Worst};
use hfsm_model::{Action, Actor, Mute, Space, SpaceId, Stage, WriteAccess};
use tauri_plugin_dialog::{DialogExt as _, MessageDialogButtons};

use crate::{
    desktop::Desktop,
    notifications, paths,
    words::{self, Language},
};

/// Failing and moving Spaces that have a line each; a menu must fit onto a screen.
const FAILING: usize = 8;
const MOVING: usize = 4;
/// The longest reason in a line, in letters.
const REASON: usize = 40;
/// How long muting is for.
const HOUR: chrono::TimeDelta = chrono::TimeDelta::hours(1);

/// What the icon and its menu say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model {
    pub(crate) worst: Worst,
    pub(crate) tooltip: String,
    pub(crate) entries: Vec<Entry>,
}

/// One line of the menu.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    Separator,
    /// Says something; nothing can be done about it here.
    Text(String),
    Item(Item),
    /// A line that opens further ones.
    Submenu {
        text: String,
        items: Vec<Item>,
    },
}

/// A line that does something.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) text: String,
    pub(crate) command: Command,
}

/// What a line does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Restart(SpaceId),
    Rebuild(SpaceId),
    Show(SpaceId),
    Logs(SpaceId),
    /// A Space, or everything.
    Mute(Option<SpaceId>),
    Unmute(Option<SpaceId>),
    Spaces,
    Accounts,
    Open,
    Quit,
}

impl Command {
    /// Returns the name that the menu knows the line by.
    pub(crate) fn id(&self) -> String {
        let (name, space) = match self {
            Self::Restart(space) => ("restart", Some(space)),
            Self::Rebuild(space) => ("rebuild", Some(space)),
            Self::Show(space) => ("show", Some(space)),
            Self::Logs(space) => ("logs", Some(space)),
            Self::Mute(space) => ("mute", space.as_ref()),
            Self::Unmute(space) => ("unmute", space.as_ref()),
            Self::Spaces => ("spaces", None),
            Self::Accounts => ("accounts", None),
            Self::Open => ("open", None),
            Self::Quit => ("quit", None),
        };
        space.map_or_else(|| name.to_owned(), |space| format!("{name}:{space}"))
    }

    /// Reads such a name.
    pub(crate) fn of_id(id: &str) -> Option<Self> {
        let Some((name, space)) = id.split_once(':') else {
            return match id {
                "mute" => Some(Self::Mute(None)),
                "unmute" => Some(Self::Unmute(None)),
                "spaces" => Some(Self::Spaces),
                "accounts" => Some(Self::Accounts),
                "open" => Some(Self::Open),
                "quit" => Some(Self::Quit),
                _ => None,
            };
        };
        let space: SpaceId = space.parse().ok()?;
        match name {
            "restart" => Some(Self::Restart(space)),
            "rebuild" => Some(Self::Rebuild(space)),
            "show" => Some(Self::Show(space)),
            "logs" => Some(Self::Logs(space)),
            "mute" => Some(Self::Mute(Some(space))),
            "unmute" => Some(Self::Unmute(Some(space))),
            _ => None,
        }
    }
}

impl Model {
    /// Says how the fleet that is shown is now.
    pub(crate) fn now(desktop: &Desktop) -> Self {
        let fleet = desktop.shown().fleet;
        let has_accounts = !fleet.accounts().is_empty();
        Self::of(
            &fleet.condition(),
            &fleet.mutes(),
            has_accounts,
            fleet.clock().now(),
            desktop.language(),
        )
    }

    fn of(
        condition: &Condition,
        mutes: &[Mute],
        has_accounts: bool,
        now: DateTime<Utc>,
        language: Language,
    ) -> Self {
        let everything = mutes.iter().find(|mute| mute.space.is_none());
        let is_muted = |space: &Space| {
            everything.is_some()
                || mutes.iter().any(|mute| mute.space.as_ref() == Some(&space.info.id))
        };
        let loud = condition.failing.iter().filter(|space| !is_muted(space)).count();
        let headline = headline(condition, loud, has_accounts, language);

        let mut entries = vec![Entry::Text(headline.clone())];
        for account in &condition.accounts_in_trouble {
            entries.push(Entry::Item(Item {
                text: words::account_in_trouble(language, account.id.as_str()),
                command: Command::Accounts,
            }));
        }
        if !condition.failing.is_empty() {
            entries.push(Entry::Separator);
        }
        for space in condition.failing.iter().take(FAILING) {
            entries.push(failing(space, is_muted(space), everything.is_some(), now, language));
        }
        if let Some(more) = condition.failing.len().checked_sub(FAILING).filter(|more| *more > 0) {
            let text = words::and_more(language, more);
            entries.push(Entry::Item(Item { text, command: Command::Spaces }));
        }
        if !condition.moving.is_empty() {
            entries.push(Entry::Separator);
        }
        for space in condition.moving.iter().take(MOVING) {
            let doing = words::stage(language, &space.stage);
            let since = words::span(language, now - space.stage_since);
            entries.push(Entry::Text(format!("{} · {doing} · {since}", space.info.id.name())));
        }
        entries.push(Entry::Separator);
        entries.push(Entry::Item(match everything {
            Some(mute) => Item {
                text: words::unmute_everything(language, mute.until - now),
                command: Command::Unmute(None),
            },
            None => Item {
                text: words::mute_everything(language).to_owned(),
                command: Command::Mute(None),
            },
        }));
        for (text, command) in
            [(words::open(language), Command::Open), (words::quit(language), Command::Quit)]
        {
            entries.push(Entry::Item(Item { text: text.to_owned(), command }));
        }
        Self { worst: condition.worst, tooltip: format!("{}: {headline}", words::PROGRAM), entries }
    }
}

fn headline(condition: &Condition, loud: usize, has_accounts: bool, language: Language) -> String {
    let failing = condition.failing.len();
    if !has_accounts {
        words::no_accounts(language).to_owned()
    } else if condition.worst == Worst::Offline {
        words::offline(language).to_owned()
    } else if loud > 0 {
        words::in_need(language, loud)
    } else if failing > 0 {
        words::failing_but_muted(language, failing)
    } else {
        words::all_right(language, condition.total)
    }
}

fn failing(
    space: &Space,
    muted: bool,
    all_muted: bool,
    now: DateTime<Utc>,
    language: Language,
) -> Entry {
    let id = &space.info.id;
    let mut parts = vec![id.name().to_owned(), reason(space, language)];
    parts.push(words::span(language, now - space.stage_since));
    if muted {
        parts.push(words::muted(language).to_owned());
    }
    // What failed in building is not mended by starting it again, and a wrong configuration by
    // neither.
    let again = match &space.stage {
        _ if space.write_access == WriteAccess::No => None,
        stage if *stage == Stage::BUILD_ERROR => {
            Some((words::rebuild(language), Command::Rebuild(id.clone())))
        }
        stage if *stage == Stage::RUNTIME_ERROR => {
            Some((words::restart(language), Command::Restart(id.clone())))
        }
        _ => None,
    };
    let again = again.map(|(text, command)| Item { text: text.to_owned(), command });
    let mut items: Vec<Item> = again.into_iter().collect();
    let logs = words::logs(language, &space.stage).to_owned();
    items.push(Item { text: logs, command: Command::Logs(id.clone()) });
    let show = words::show_space(language).to_owned();
    items.push(Item { text: show, command: Command::Show(id.clone()) });
    if !all_muted {
        let (text, command) = if muted {
            (words::unmute(language), Command::Unmute(Some(id.clone())))
        } else {
            (words::mute_for_an_hour(language), Command::Mute(Some(id.clone())))
        };
        items.push(Item { text: text.to_owned(), command });
    }
    Entry::Submenu { text: parts.join(" · "), items }
}

/// Says why a Space fails in a few words: the Hub's, shortened, or those of its stage.
fn reason(space: &Space, language: Language) -> String {
    let said = space.info.runtime.as_ref().and_then(|runtime| runtime.error_message.as_deref());
    let first_line =
        said.and_then(|said| said.lines().map(str::trim).find(|line| !line.is_empty()));
    match first_line {
        Some(line) => words::shortened(line, REASON),
        None => words::stage(language, &space.stage),
    }
}

/// Does what a line of the menu says.
pub(crate) fn run(desktop: &Desktop, command: Command) {
    let fleet = desktop.shown().fleet;
    match command {
        Command::Restart(space) => act(desktop, fleet, space, Action::Restart),
        Command::Rebuild(space) => act(desktop, fleet, space, Action::FactoryRebuild),
        Command::Show(space) => super::open_window(desktop, Some(paths::space(&space))),
        Command::Logs(space) => super::open_window(desktop, Some(paths::logs(&space))),
        Command::Spaces => super::open_window(desktop, Some(paths::SPACES.to_owned())),
        Command::Accounts => super::open_window(desktop, Some(paths::ACCOUNTS.to_owned())),
        Command::Open => super::open_window(desktop, None),
        Command::Quit => desktop.quit(),
        Command::Mute(space) => {
            desktop.spawn("mute", async move { told(fleet.mute(space, HOUR).await) });
        }
        Command::Unmute(space) => {
            let unmute = async move { told(fleet.unmute(space.as_ref()).await) };
            desktop.spawn("unmute", unmute);
        }
    }
}

fn told<T>(muted: Result<T, Error>) {
    if let Err(error) = muted {
        tracing::warn!("muting was not saved: {error}");
    }
}

/// Acts on a Space, and says it where the Hub refuses. Asks before, where it may cost.
fn act(desktop: &Desktop, fleet: Fleet, space: SpaceId, action: Action) {
    let asked = desktop.clone();
    desktop.spawn("act from the tray", async move {
        let language = asked.language();
        if let Some(hardware) = billed(&fleet, &space) {
            let word = match action {
                Action::FactoryRebuild => words::rebuild(language),
                _ => words::restart(language),
            };
            if !confirmed(&asked, word, &space, &hardware).await {
                return;
            }
        }
        if let Err(error) = fleet.act(&space, action, Actor::Desktop).await {
            let title = words::action_refused(language, space.as_str());
            let path = paths::space(&space);
            let why = words::sentence(&error.to_string());
            notifications::show(asked.app(), &title, &why, Some(&path));
        }
    });
}

/// Returns the hardware that a Space would run on, where that is not free.
fn billed(fleet: &Fleet, space: &SpaceId) -> Option<String> {
    let space = fleet.space(space).ok()?;
    let hardware = &space.info.runtime.as_ref()?.hardware;
    let flavor = hardware.requested.as_ref().or(hardware.current.as_ref())?;
    let free = flavor.as_str() == "cpu-basic" || flavor.as_str().starts_with("zero-");
    (!free).then(|| flavor.to_string())
}

async fn confirmed(desktop: &Desktop, word: &str, space: &SpaceId, hardware: &str) -> bool {
    let language = desktop.language();
    let (answer, answered) = tokio::sync::oneshot::channel();
    desktop
        .app()
        .dialog()
        .message(words::confirm_billed(language, word, space.as_str(), hardware))
        .title(words::PROGRAM)
        .buttons(MessageDialogButtons::OkCancelCustom(
            word.to_owned(),
            words::cancel(language).to_owned(),
        ))
        .show(move |yes| {
            // Nobody listens any more where the program is ending.
            let _ = answer.send(yes);
        });
    answered.await.unwrap_or(false)
}

#[cfg(test)]
mod tests;
