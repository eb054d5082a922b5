//! The main window, which shows nothing but our own page. Other pages open in the browser.
//!
//! A window that was hidden for a while is dropped with its page, which is most of what the program
//! weighs, and made anew at the same path when it is asked for.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tauri::{
    AppHandle, Emitter as _, Manager as _, PhysicalPosition, PhysicalSize, Url, Webview,
    WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    webview::{NewWindowResponse, PageLoadEvent},
};
use tauri_plugin_opener::OpenerExt as _;

use crate::{
    badge,
    bridge::ApiBridge,
    desktop::Desktop,
    external,
    geometry::{self, Area},
    paths,
};

/// The only window's name.
pub(crate) const MAIN: &str = "main";

/// How long a hidden window keeps its page.
pub(crate) const PAGE_REST: Duration = Duration::from_secs(180);

/// Told to the page that it should go to another path.
const OPEN_PATH: &str = "open-path";

/// What is known of the window while it is there, and remembered while it is not.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    /// Where the next window begins.
    path: Option<String>,
    /// Whether the page can hear events.
    loaded: bool,
    /// Whether the program is so far that it can show a window.
    ready: bool,
    /// Whether somebody asked for the window before that.
    awaited: bool,
    /// Whether the window is being made.
    opening: bool,
    /// Grows each time the window is shown or hidden, so that a timer knows whether it still counts.
    changes: u64,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> u64 {
        let mut remembered = self.lock();
        remembered.changes += 1;
        remembered.changes
    }
}

/// Opens the window that `tauri.conf.json` describes, at `path` or where it was.
///
/// # Errors
/// Where there is no screen, or the window's description is missing.
pub(crate) fn open(app: &AppHandle, path: Option<String>) -> tauri::Result<()> {
    let Some(mut config) = app.config().app.windows.first().cloned() else {
        return Err(tauri::Error::WindowNotFound);
    };
    let memory = app.state::<Memory>();
    memory.change();
    let remembered = memory.lock().path.take();
    let path = path.or(remembered);
    config.url = WebviewUrl::App(path.as_deref().unwrap_or("index.html").into());
    // Shown once it is where it belongs.
    config.visible = false;
    let dev_url = tauri::is_dev().then(|| app.config().build.dev_url.clone()).flatten();
    let handle = app.clone();
    let browser = app.clone();
    let window = WebviewWindowBuilder::from_config(app, &config)?
        .on_navigation(move |url| {
            let own = is_own_page(url, dev_url.as_ref());
            if !own {
                open_in_browser(&handle, url);
            }
            own
        })
        .on_new_window(move |url, _| {
            open_in_browser(&browser, &url);
            NewWindowResponse::Deny
        })
        .build()?;
    keep_on_screen(&window);
    #[cfg(target_os = "linux")]
    crate::page_crash::reload_after(&window)?;
    window.show()?;
    badge::update(app);
    Ok(())
}

/// Opens the first window, at `path` where one is given. A start that is to be `hidden` has none,
/// unless somebody asked for it meanwhile.
///
/// # Errors
/// Where there is no screen.
pub(crate) fn begin(app: &AppHandle, path: Option<String>, hidden: bool) -> tauri::Result<()> {
    let asked_later = {
        let memory = app.state::<Memory>();
        let mut remembered = memory.lock();
        remembered.ready = true;
        if hidden && !remembered.awaited {
            return Ok(());
        }
        remembered.path.take()
    };
    open(app, asked_later.or(path))
}

/// Shows the window, at `path` where one is given. Makes it anew where it was dropped.
pub(crate) fn summon(app: &AppHandle, path: Option<String>) {
    {
        let memory = app.state::<Memory>();
        let mut remembered = memory.lock();
        if !remembered.ready {
            // The first window will begin there.
            remembered.awaited = true;
            remembered.path = path.or_else(|| remembered.path.take());
            return;
        }
    }
    if let Some(window) = app.get_webview_window(MAIN) {
        app.state::<Memory>().change();
        let shown = bring_forward(&window);
        // Not locked while the window is asked: its thread may be waiting for the same lock.
        let loaded = app.state::<Memory>().lock().loaded;
        let went = path.map_or(Ok(()), |path| go(&window, &path, loaded));
        if let Err(error) = shown.and(went) {
            tracing::warn!("the window cannot be shown: {error}");
        }
        return;
    }
    // Not here: where the system makes windows on the thread that handles its events, this thread
    // may be that one, and would wait for itself.
    let app = app.clone();
    let Some(desktop) = app.try_state::<Desktop>() else { return };
    {
        let memory = app.state::<Memory>();
        let mut remembered = memory.lock();
        if std::mem::replace(&mut remembered.opening, true) {
            remembered.path = path.or_else(|| remembered.path.take());
            return;
        }
    }
    let handle = app.clone();
    desktop.spawn("open the window", async move {
        let opened = open(&handle, path);
        let asked_meanwhile = {
            let memory = handle.state::<Memory>();
            let mut remembered = memory.lock();
            remembered.opening = false;
            remembered.path.take()
        };
        match opened {
            Ok(()) if asked_meanwhile.is_some() => summon(&handle, asked_meanwhile),
            Ok(()) => {}
            Err(error) => tracing::warn!("the window cannot be opened: {error}"),
        }
    });
}

/// Shows the window, or hides it when it is in front.
pub(crate) fn toggle(app: &AppHandle) {
    match app.get_webview_window(MAIN) {
        Some(window) if window.is_focused().unwrap_or(false) => hide(&window),
        _ => summon(app, None),
    }
}

/// Hides the window, and drops it with its page after a while.
pub(crate) fn hide(window: &WebviewWindow) {
    let app = window.app_handle();
    if let Err(error) = window.hide() {
        tracing::warn!("the window cannot be hidden: {error}");
        return;
    }
    let change = app.state::<Memory>().change();
    let desktop = app.state::<Desktop>();
    let (app, rest) = (app.clone(), desktop.page_rest());
    desktop.spawn("drop the hidden page", async move {
        tokio::time::sleep(rest).await;
        if app.state::<Memory>().lock().changes == change {
            drop_page(&app);
        }
    });
}

/// Shows a window again that was closed into a tray which has gone: there is no icon to bring it
/// back. A start that was asked to be hidden stays so.
#[cfg(target_os = "linux")]
pub(crate) fn come_back(app: &AppHandle) {
    let was_open = app.state::<Memory>().lock().changes > 0;
    let is_shown =
        app.get_webview_window(MAIN).is_some_and(|window| window.is_visible().unwrap_or(true));
    if was_open && !is_shown {
        summon(app, None);
    }
}

fn drop_page(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    let path = window.url().ok().map(|url| path_of(&url));
    remember(app, path.clone());
    if let Err(error) = window.destroy() {
        tracing::warn!("the hidden window cannot be dropped: {error}");
        return;
    }
    tracing::debug!("the hidden window was dropped with its page");
    #[cfg(target_os = "linux")]
    if let Some(desktop) = app.try_state::<Desktop>() {
        desktop.spawn("begin anew", crate::renewal::when_idle(desktop.inner().clone(), path));
    }
}

/// Returns how often the window was shown or hidden.
#[cfg(target_os = "linux")]
pub(crate) fn changes(app: &AppHandle) -> u64 {
    app.state::<Memory>().lock().changes
}

/// Remembers where the next window begins.
pub(crate) fn remember(app: &AppHandle, path: Option<String>) {
    app.state::<Memory>().lock().path = path;
}

fn bring_forward(window: &WebviewWindow) -> tauri::Result<()> {
    window.unminimize()?;
    window.show()?;
    window.set_focus()
}

fn go(window: &WebviewWindow, path: &str, loaded: bool) -> tauri::Result<()> {
    if loaded {
        return window.emit_to(MAIN, OPEN_PATH, path);
    }
    // Nobody in it hears events yet.
    let mut url = window.url()?;
    let (path, fragment) = match path.split_once('#') {
        Some((path, fragment)) => (path, Some(fragment)),
        None => (path, None),
    };
    url.set_path(path);
    url.set_query(None);
    url.set_fragment(fragment);
    window.navigate(url)
}

/// Follows the page: a new one begins without streams, and hears events once it has loaded.
pub(crate) fn page_load(webview: &Webview, event: PageLoadEvent) {
    let loaded = event == PageLoadEvent::Finished;
    webview.state::<Memory>().lock().loaded = loaded;
    if !loaded {
        webview.state::<ApiBridge>().abort_all();
    }
}

/// Moves a window whose remembered place is not on a screen any more.
fn keep_on_screen(window: &WebviewWindow) {
    let moved = || -> tauri::Result<()> {
        let screens: Vec<Area> = window
            .available_monitors()?
            .iter()
            .map(|monitor| Area::new(monitor.work_area().position, monitor.work_area().size))
            .collect();
        let now = Area::new(window.outer_position()?, window.inner_size()?);
        if window.is_maximized()? {
            return Ok(());
        }
        if let Some(then) = geometry::fit(now, &screens) {
            window.set_size(PhysicalSize::new(then.width, then.height))?;
            window.set_position(PhysicalPosition::new(then.x, then.y))?;
        }
        Ok(())
    };
    if let Err(error) = moved() {
        tracing::debug!("the window stays where the system puts it: {error}");
    }
}

/// Returns what of the address another window of ours can begin at.
fn path_of(url: &Url) -> String {
    let mut path = url.path().to_owned();
    for (mark, part) in [('?', url.query()), ('#', url.fragment())] {
        if let Some(part) = part {
            path.push(mark);
            path.push_str(part);
        }
    }
    if matches!(path.as_str(), "" | "/") { paths::SPACES.to_owned() } else { path }
}

/// True for the page that is built in, and for the one that `tauri dev` serves.
fn is_own_page(url: &Url, dev_url: Option<&Url>) -> bool {
    let built_in = match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // The same page, as Windows spells it.
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        _ => false,
    };
    built_in || dev_url.is_some_and(|dev_url| dev_url.origin() == url.origin())
}

/// Opens what a link of the page leads to, where that is a page of the Hub or the app of a Space.
fn open_in_browser(app: &AppHandle, url: &Url) {
    let Some(desktop) = app.try_state::<Desktop>() else { return };
    let config = desktop.config();
    if !external::may_open(url, &config.endpoint, &config.app_url) {
        tracing::warn!("the page asked for a foreign address, which is not opened");
        return;
    }
    if let Err(error) = app.opener().open_url(url.as_str(), None::<&str>) {
        tracing::warn!("no browser could be started for {url}: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_stays_on_our_own_page() {
        let dev = Url::parse("http://localhost:1420").unwrap();
        let own = |url: &str| is_own_page(&Url::parse(url).unwrap(), None);
        assert!(own("tauri://localhost/spaces"));
        assert!(own("http://tauri.localhost/"));
        for foreign in [
            "https://huggingface.co/",
            "tauri://elsewhere/",
            "http://localhost:1420/",
            "file:///etc/passwd",
            "https://tauri.localhost.example.org/",
            "data:text/html,x",
        ] {
            assert!(!own(foreign), "{foreign}");
        }
        assert!(is_own_page(&Url::parse("http://localhost:1420/x").unwrap(), Some(&dev)));
    }

    #[test]
    fn a_dropped_page_comes_back_where_it_was() {
        let path = |url: &str| path_of(&Url::parse(url).unwrap());
        assert_eq!(path("tauri://localhost/spaces/a/b?x=1#logs"), "/spaces/a/b?x=1#logs");
        assert_eq!(path("http://tauri.localhost/activity"), "/activity");
        assert_eq!(path("tauri://localhost"), "/spaces");
    }
}
