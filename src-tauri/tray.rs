//! The icon in the tray: what is wrong at a glance, and what can be done about it.
//!
//! Linux desktops differ. The library behind the icon may be missing, and then making one ends the
//! process; there may be no session bus; and a desktop may show no icons at all. So the icon is made
//! only while somebody shows it, and everybody else is told why there is none.

mod host;
mod menu;
mod model;
mod panel;

use std::sync::{Mutex, MutexGuard, PoisonError};

use hfsm_core::Worst;
use tauri::{AppHandle, Manager as _, image::Image, tray::TrayIconBuilder};

use crate::{
    desktop::Desktop,
    window,
    words::{self, Language},
};

use model::{Command, Model};
use panel::Panel;

/// The name of the icon.
const ICON: &str = "main";

/// Whether there is an icon, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TrayState {
    /// Not known yet.
    Looking,
    /// It is there.
    Shown,
    /// The library that makes icons is not installed.
    NoLibrary,
    /// There is no session bus.
    NoBus,
    /// Nobody shows icons.
    NoHost,
    /// The system refused it.
    Refused(String),
}

impl TrayState {
    /// Says why there is no icon; `None` where there is one, or it is not known yet.
    pub(crate) fn trouble(&self, language: Language) -> Option<String> {
        match self {
            Self::Looking | Self::Shown => None,
            Self::NoLibrary => Some(words::no_tray_library(language).to_owned()),
            Self::NoBus => Some(words::no_tray_bus(language).to_owned()),
            Self::NoHost => Some(words::no_tray_watcher(language).to_owned()),
            Self::Refused(why) => Some(words::no_tray(language, why)),
        }
    }
}

/// What the icon shows now. One for the program, managed by Tauri.
#[derive(Default)]
pub(crate) struct Tray(Mutex<Showing>);

#[derive(Default)]
struct Showing {
    panel: Panel,
    model: Option<Model>,
    menu: Option<menu::Built>,
}

impl Tray {
    fn lock(&self) -> MutexGuard<'_, Showing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds out whether there is a tray, makes the icon, and follows what becomes of it.
pub(crate) fn begin(desktop: &Desktop) {
    host::follow(desktop);
    panel::follow(desktop);
}

/// Shows what is so now. Changes nothing that is right already, so that an open menu stays.
pub(crate) fn update(desktop: &Desktop) {
    let model = Model::now(desktop);
    // Only the thread that owns menus holds the lock: it would wait for itself otherwise.
    on_main_thread(desktop.app(), move |app| {
        let tray = app.state::<Tray>();
        let mut showing = tray.lock();
        if showing.model.as_ref() == Some(&model) {
            return;
        }
        if let Err(error) = show(app, &mut showing, &model) {
            tracing::warn!("the tray icon cannot be changed: {error}");
        }
        showing.model = Some(model);
    });
}

/// Draws for another colour of the panel.
fn set_panel(app: &AppHandle, panel: Panel) {
    on_main_thread(app, move |app| {
        let tray = app.state::<Tray>();
        let mut showing = tray.lock();
        if std::mem::replace(&mut showing.panel, panel) == panel {
            return;
        }
        let (Some(model), Some(icon)) = (&showing.model, app.tray_by_id(ICON)) else { return };
        if let Err(error) = picture(model.worst, panel).and_then(|new| icon.set_icon(Some(new))) {
            tracing::warn!("the tray icon cannot be changed: {error}");
        }
    });
}

/// Makes the icon.
fn create(desktop: &Desktop) {
    let desktop = desktop.clone();
    on_main_thread(&desktop.app().clone(), move |app| {
        let model = Model::now(&desktop);
        let tray = app.state::<Tray>();
        let mut showing = tray.lock();
        desktop.set_tray(match make(app, &showing, &model) {
            Ok(menu) => {
                showing.menu = Some(menu);
                showing.model = Some(model);
                TrayState::Shown
            }
            Err(error) => TrayState::Refused(error.to_string()),
        });
    });
}

/// Removes the icon, since `why`.
fn remove(desktop: &Desktop, why: TrayState) {
    let desktop = desktop.clone();
    on_main_thread(&desktop.app().clone(), move |app| {
        drop(app.remove_tray_by_id(ICON));
        let tray = app.state::<Tray>();
        let mut showing = tray.lock();
        showing.menu = None;
        showing.model = None;
        desktop.set_tray(why);
    });
}

fn on_main_thread(app: &AppHandle, work: impl FnOnce(&AppHandle) + Send + 'static) {
    let handle = app.clone();
    if let Err(error) = app.run_on_main_thread(move || work(&handle)) {
        tracing::debug!("the tray icon is left as it is, the program is ending: {error}");
    }
}

fn make(app: &AppHandle, showing: &Showing, model: &Model) -> tauri::Result<menu::Built> {
    let built = menu::Built::new(app, model)?;
    TrayIconBuilder::with_id(ICON)
        .icon(picture(model.worst, showing.panel)?)
        .tooltip(&model.tooltip)
        .menu(built.menu())
        .show_menu_on_left_click(true)
        .on_menu_event(|app, event| on_menu_event(app, event.id().as_ref()))
        .build(app)?;
    Ok(built)
}

fn show(app: &AppHandle, showing: &mut Showing, model: &Model) -> tauri::Result<()> {
    let Some(icon) = app.tray_by_id(ICON) else { return Ok(()) };
    let before = showing.model.as_ref();
    if before.is_none_or(|before| before.worst != model.worst) {
        icon.set_icon(Some(picture(model.worst, showing.panel)?))?;
    }
    if before.is_none_or(|before| before.tooltip != model.tooltip) {
        icon.set_tooltip(Some(&model.tooltip))?;
    }
    match &showing.menu {
        Some(built) if built.fits(model) => built.reword(model),
        _ => {
            let built = menu::Built::new(app, model)?;
            icon.set_menu(Some(built.menu().clone()))?;
            showing.menu = Some(built);
            Ok(())
        }
    }
}

fn on_menu_event(app: &AppHandle, line: &str) {
    if let (Some(desktop), Some(command)) = (app.try_state::<Desktop>(), Command::of_id(line)) {
        model::run(&desktop, command);
    }
}

/// Returns the picture for a state: its shape says as much as its colour.
fn picture(worst: Worst, panel: Panel) -> tauri::Result<Image<'static>> {
    macro_rules! drawn {
        ($name:literal) => {
            match panel {
                Panel::Light => {
                    include_bytes!(concat!("../icons/tray/", $name, "-light.png")).as_slice()
                }
                Panel::Dark => {
                    include_bytes!(concat!("../icons/tray/", $name, "-dark.png")).as_slice()
                }
            }
        };
    }
    Image::from_bytes(match worst {
        Worst::AllRight => drawn!("all-right"),
        Worst::Attention => drawn!("attention"),
        Worst::Failing => drawn!("failing"),
        Worst::Offline => drawn!("offline"),
    })
}

/// Returns the picture that says that a Space has failed.
#[cfg(windows)]
pub(crate) fn failing_picture() -> tauri::Result<Image<'static>> {
    picture(Worst::Failing, Panel::Light)
}

/// Takes the colour scheme that the window hears of.
pub(crate) fn hear_theme(desktop: &Desktop, theme: tauri::Theme) {
    panel::hear(desktop, theme);
}

/// Shows the window from the icon's menu.
fn open_window(desktop: &Desktop, path: Option<String>) {
    window::summon(desktop.app(), path);
}
