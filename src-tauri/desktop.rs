//! What the program is made of while it runs: the fleet that lasts, the demo beside it, and which
//! of the two is shown.

use std::{path::Path, sync::Arc, time::Duration};

use hfsm_core::{Fleet, Supervisor};
use hfsm_demo::Demo;
use hfsm_model::Clock;
use hfsm_server::{RemoteAccess, ServerConfig};
use tauri::{AppHandle, Manager as _};
use tokio::sync::{Mutex, OnceCell, watch};

use crate::{
    arguments::Arguments,
    bridge::ApiBridge,
    engine::{Engine, EngineError},
    keychain::TokenStores,
    last_words::LastWords,
    preferences::Preferences,
    shortcut,
    tray::TrayState,
    window,
    words::Language,
};

/// How long the shell's own tasks may take to end.
const GRACE: Duration = Duration::from_millis(500);

/// The desktop program. Cheap to clone; every clone is the same.
#[derive(Clone)]
pub(crate) struct Desktop(Arc<Inner>);

struct Inner {
    app: AppHandle,
    config: ServerConfig,
    supervisor: Supervisor,
    page_rest: Duration,
    /// Filled at the start, or when the demo that the program began with is left.
    lasting: OnceCell<Lasting>,
    /// What counts while nothing lasts.
    passing: Preferences,
    demo: Mutex<Option<Demo>>,
    shown: watch::Sender<Shown>,
    tray: watch::Sender<TrayState>,
    #[cfg(target_os = "linux")]
    next: std::sync::Mutex<Option<crate::renewal::Start>>,
}

/// What survives the program, and what belongs to it.
#[derive(Clone)]
pub(crate) struct Lasting {
    pub(crate) engine: Engine,
    pub(crate) preferences: Preferences,
    pub(crate) tokens: Arc<TokenStores>,
    pub(crate) remote: RemoteAccess,
    last_words: Arc<LastWords>,
}

/// The fleet that the page, the tray and notifications follow.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) fleet: Fleet,
    pub(crate) demo: bool,
}

impl Shown {
    /// Returns how many Spaces have failed and are not muted.
    pub(crate) fn failing(&self) -> usize {
        let failing = self.fleet.condition().failing;
        failing.iter().filter(|space| !self.fleet.is_muted(&space.info.id)).count()
    }
}

/// What closing the window does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    /// The window goes, the program stays in the tray.
    Hide,
    /// The program must go on and has no icon to come back from.
    Minimise,
    /// The program ends.
    Quit,
}

impl Closing {
    /// Decides by what there is: an icon in the tray, a person's choice, and something that needs
    /// the program to go on.
    fn decide(tray: bool, keeps_running: bool, needed: bool) -> Self {
        match (tray, keeps_running, needed) {
            (true, true, _) => Self::Hide,
            (false, true, true) => Self::Minimise,
            (_, false, _) | (false, true, false) => Self::Quit,
        }
    }
}

impl Desktop {
    /// Opens what lasts, or the demo where a start asks for that. Asks nobody over a network.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub(crate) async fn open(
        app: &AppHandle,
        config: ServerConfig,
        arguments: &Arguments,
    ) -> Result<Self, EngineError> {
        let lasting = OnceCell::new();
        let (demo, shown) = if arguments.demo {
            let demo = Demo::open().await?;
            let shown = Shown { fleet: demo.fleet().clone(), demo: true };
            (Some(demo), shown)
        } else {
            let opened = lasting.get_or_try_init(|| Lasting::open(&config)).await?;
            (None, Shown { fleet: opened.engine.fleet.clone(), demo: false })
        };
        let desktop = Self(Arc::new(Inner {
            app: app.clone(),
            config,
            supervisor: Supervisor::new(Clock::system()),
            page_rest: arguments.page_rest.unwrap_or(window::PAGE_REST),
            lasting,
            passing: Preferences::passing(),
            demo: Mutex::new(demo),
            shown: watch::Sender::new(shown),
            tray: watch::Sender::new(TrayState::Looking),
            #[cfg(target_os = "linux")]
            next: std::sync::Mutex::default(),
        }));
        Ok(desktop)
    }

    /// Begins what goes on by itself. Who follows the fleet does so before.
    pub(crate) fn start(&self) {
        let _entered = tauri::async_runtime::handle().inner().enter();
        match self.0.lasting.get() {
            Some(lasting) => self.begin(lasting),
            None => self.shown().fleet.start(),
        }
    }

    /// Begins what lasts: the fleet, then what may take its time.
    fn begin(&self, lasting: &Lasting) {
        lasting.engine.fleet.start();
        let (desktop, settling) = (self.clone(), lasting.clone());
        self.spawn("open the store of tokens", async move {
            settling.tokens.settle(desktop.config(), &settling).await;
        });
        let remote = lasting.remote.clone();
        self.spawn("resume remote access", async move {
            if let Err(error) = remote.resume().await {
                tracing::warn!("remote access stays off: {error}");
            }
        });
    }

    pub(crate) fn app(&self) -> &AppHandle {
        &self.0.app
    }

    /// Runs a task of the shell's own, which outlives a demo, until it ends or the program does.
    pub(crate) fn spawn(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let stopping = self.0.supervisor.stopping().clone();
        // The tray and the system call from threads of their own.
        let _entered = tauri::async_runtime::handle().inner().enter();
        self.0.supervisor.spawn(name, async move {
            tokio::select! {
                () = task => {}
                () = stopping.cancelled() => {}
            }
        });
    }

    pub(crate) fn config(&self) -> &ServerConfig {
        &self.0.config
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.0.config.data_dir
    }

    /// Returns how long a hidden window keeps its page.
    pub(crate) fn page_rest(&self) -> Duration {
        self.0.page_rest
    }

    pub(crate) fn preferences(&self) -> &Preferences {
        self.0.lasting.get().map_or(&self.0.passing, |lasting| &lasting.preferences)
    }

    pub(crate) fn language(&self) -> Language {
        self.preferences().language()
    }

    /// Returns what lasts, unless the demo is shown: nothing of a person's is touched from there.
    pub(crate) fn lasting(&self) -> Option<&Lasting> {
        if self.0.shown.borrow().demo { None } else { self.0.lasting.get() }
    }

    /// Returns the fleet that is shown.
    pub(crate) fn shown(&self) -> Shown {
        self.0.shown.borrow().clone()
    }

    /// Follows which fleet is shown.
    pub(crate) fn follow_shown(&self) -> watch::Receiver<Shown> {
        self.0.shown.subscribe()
    }

    /// Returns whether there is an icon in the tray, or why not.
    pub(crate) fn tray(&self) -> TrayState {
        self.0.tray.borrow().clone()
    }

    pub(crate) fn set_tray(&self, state: TrayState) {
        self.0.tray.send_replace(state);
    }

    /// Shows the demo in place of the person's own fleet, which goes on beside it.
    ///
    /// # Errors
    /// When the machine gives no port, or no memory for it.
    pub(crate) async fn start_demo(&self) -> Result<(), EngineError> {
        let mut running = self.0.demo.lock().await;
        if running.is_some() {
            return Ok(());
        }
        let demo = Demo::open().await?;
        let fleet = demo.fleet().clone();
        *running = Some(demo);
        self.show(Shown { fleet: fleet.clone(), demo: true });
        fleet.start();
        Ok(())
    }

    /// Shows the person's own fleet again, and ends the demo.
    ///
    /// # Errors
    /// When the program began with the demo, and the store cannot be opened.
    pub(crate) async fn leave_demo(&self) -> Result<(), EngineError> {
        let mut running = self.0.demo.lock().await;
        if running.is_none() {
            return Ok(());
        }
        let began_before = self.0.lasting.initialized();
        let lasting = self.0.lasting.get_or_try_init(|| Lasting::open(&self.0.config)).await?;
        self.show(Shown { fleet: lasting.engine.fleet.clone(), demo: false });
        if !began_before {
            self.begin(lasting);
            shortcut::apply(self);
        }
        if let Some(demo) = running.take() {
            end(demo).await;
        }
        Ok(())
    }

    fn show(&self, shown: Shown) {
        self.0.app.state::<ApiBridge>().lead_to(hfsm_api::router(shown.fleet.clone()));
        self.0.shown.send_replace(shown);
    }

    /// Decides what closing the window does.
    pub(crate) fn closing(&self) -> Closing {
        let tray = self.tray() == TrayState::Shown;
        let needed = self.0.lasting.get().is_some_and(|lasting| lasting.remote.state().listening);
        Closing::decide(tray, self.preferences().close_keeps_running(), needed)
    }

    /// Ends the program, in order.
    pub(crate) fn quit(&self) {
        self.0.app.exit(0);
    }

    /// Ends the program, in order, for another one to take its place.
    #[cfg(target_os = "linux")]
    pub(crate) fn begin_anew(&self, next: crate::renewal::Start) {
        *self.0.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(next);
        self.quit();
    }

    /// Returns what is to take the place of the program that has ended.
    #[cfg(target_os = "linux")]
    pub(crate) fn next(&self) -> Option<crate::renewal::Start> {
        self.0.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }

    /// Ends everything that goes on.
    pub(crate) async fn shut_down(&self) {
        self.0.supervisor.shutdown(GRACE).await;
        if let Some(demo) = self.0.demo.lock().await.take() {
            end(demo).await;
        }
        if let Some(lasting) = self.0.lasting.get() {
            lasting.remote.shutdown().await;
            lasting.engine.fleet.shutdown().await;
            lasting.last_words.end();
        }
        tracing::info!("the program has ended");
    }
}

impl Lasting {
    async fn open(config: &ServerConfig) -> Result<Self, EngineError> {
        let engine = Engine::open(config).await?;
        let preferences = Preferences::load(engine.fleet.store().clone()).await?;
        let remote = RemoteAccess::new(engine.fleet.clone(), engine.hub.clone(), config.clone());
        // The store is ours now, so nobody else's run is meant.
        let last_words = Arc::new(LastWords::begin(&config.data_dir));
        Ok(Self { engine, preferences, tokens: Arc::new(TokenStores::new()), remote, last_words })
    }
}

async fn end(demo: Demo) {
    demo.fleet().shutdown().await;
    demo.stop();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_hides_only_where_there_is_an_icon_to_come_back_from() {
        assert_eq!(Closing::decide(true, true, false), Closing::Hide);
        assert_eq!(Closing::decide(false, true, false), Closing::Quit);
    }

    #[test]
    fn closing_ends_the_program_where_a_person_wants_that() {
        assert_eq!(Closing::decide(true, false, false), Closing::Quit);
        assert_eq!(Closing::decide(false, false, true), Closing::Quit);
    }

    #[test]
    fn what_needs_the_program_keeps_it_even_without_an_icon() {
        assert_eq!(Closing::decide(false, true, true), Closing::Minimise);
    }
}
