//! The life of the desktop program: put together, open the window, end in order.

use std::{io, time::Duration};

use hfsm_server::StopSignals;
use tauri::{App, AppHandle, Manager as _, RunEvent, Window, WindowEvent};
use tauri_plugin_window_state::StateFlags;
use tokio::{runtime::Runtime, time::Instant};

use crate::{
    arguments::{self, Arguments},
    autostart,
    bridge::ApiBridge,
    commands, deep_link,
    desktop::{Closing, Desktop},
    engine::{self, EngineError},
    failure, follow, notifications, shortcut, tray, updates,
    window::{self, MAIN},
    words,
};

/// How long the page's last requests may take to end.
const GRACE: Duration = Duration::from_millis(500);

/// Why the program could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The system gives no threads, or no signals.
    #[error("the system does not let the program run")]
    System(#[from] io::Error),
    /// The engine could not be put together.
    #[error("the program cannot start")]
    Engine(#[from] EngineError),
    /// There is no screen, or no web view.
    #[error("the window cannot be opened; on Linux it needs a screen, GTK 3 and WebKitGTK 4.1")]
    Window(#[from] tauri::Error),
}

/// Runs the desktop program until it is told to quit, and returns the code to end the process with.
/// Where another one runs already, that one is asked to show its window, and this process ends.
///
/// # Errors
/// When it could not start, and there is no screen to say so on.
pub fn run() -> Result<i32, StartError> {
    let begun = Instant::now();
    if let Some(answer) = arguments::answer(std::env::args().skip(1)) {
        #[expect(clippy::print_stdout, reason = "a terminal asked for it")]
        {
            println!("{answer}");
        }
        return Ok(0);
    }
    // Lives as long as the process: dropping it would wait for what waits for the desktop.
    let runtime: &'static Runtime =
        Box::leak(Box::new(tokio::runtime::Builder::new_multi_thread().enable_all().build()?));
    // One runtime for the engine and for the commands of the page.
    tauri::async_runtime::set(runtime.handle().clone());
    let config = engine::configure();
    let arguments = Arguments::parse(std::env::args().skip(1));
    // Ends the process where another one answers: that comes before the store is opened.
    let app = build()?;
    let opened =
        config.and_then(|config| runtime.block_on(Desktop::open(app.handle(), config, &arguments)));
    let desktop = match opened {
        Ok(desktop) => desktop,
        Err(error) => return Ok(failure::show(app, &error)),
    };
    let signals = runtime.block_on(async { StopSignals::listen() })?;
    prepare(&app, &desktop, signals);
    window::remember(app.handle(), arguments.page.clone());
    #[cfg(target_os = "linux")]
    if arguments.anew {
        desktop.spawn("bury the former web view", crate::renewal::bury_the_former());
    }
    let running = desktop.clone();
    let mut arguments = Some(arguments);
    let code = app.run_return(move |app, event| match event {
        RunEvent::Ready => {
            let arguments = arguments.take().unwrap_or_default();
            open_first_window(app, arguments);
            tracing::info!("the shell took {} ms to start", begun.elapsed().as_millis());
            running.start();
        }
        RunEvent::ExitRequested { code: None, api, .. } => {
            // The last window went. The program goes on in the tray.
            api.prevent_exit();
        }
        RunEvent::ExitRequested { .. } => shut_down(runtime, app, &running),
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::summon(app, None),
        _ => {}
    });
    #[cfg(target_os = "linux")]
    if let Some(next) = desktop.next() {
        let error = next.take_over();
        tracing::error!("the program cannot begin anew, and ends: {error}");
        return Ok(1);
    }
    Ok(code)
}

fn build() -> tauri::Result<App> {
    let second_start = |app: &AppHandle, words: Vec<String>, _| {
        let arguments = Arguments::parse(words.into_iter().skip(1));
        if !arguments.hidden {
            window::summon(app, arguments.path);
        }
    };
    let state = StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED;
    tauri::Builder::default()
        // First: whatever comes before it would happen in a second start as well.
        .plugin(tauri_plugin_single_instance::init(second_start))
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_window_state::Builder::new().with_state_flags(state).build())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::Builder::new().open_js_links_on_click(false).build())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_clipboard_manager::init())
        .plugin(autostart::plugin())
        .manage(window::Memory::default())
        .manage(notifications::LastTold::default())
        .manage(tray::Tray::default())
        .manage(shortcut::Trouble::default())
        .manage(updates::Found::default())
        .invoke_handler(commands::handler())
        .on_page_load(|webview, load| window::page_load(webview, load.event()))
        .on_window_event(on_window_event)
        .build(tauri::generate_context!())
}

/// Begins everything that goes on beside the window.
fn prepare(app: &App, desktop: &Desktop, mut signals: StopSignals) {
    app.manage(ApiBridge::new(hfsm_api::router(desktop.shown().fleet)));
    app.manage(desktop.clone());
    let app = app.handle();
    updates::prepare(app);
    notifications::listen(app);
    deep_link::listen(app);
    follow::begin(desktop);
    tray::begin(desktop);
    let later = desktop.clone();
    desktop.spawn("settle with the system", async move {
        autostart::renew(later.app());
        shortcut::apply(&later);
    });
    let ending = desktop.clone();
    desktop.spawn("end at a signal", async move {
        signals.next().await;
        tracing::info!("a signal asks the program to end");
        ending.quit();
    });
}

fn open_first_window(app: &AppHandle, arguments: Arguments) {
    if let Err(error) = window::begin(app, arguments.path, arguments.hidden) {
        tracing::error!("the window cannot be opened: {error}");
        app.exit(1);
    }
}

fn on_window_event(window: &Window, event: &WindowEvent) {
    let app = window.app_handle();
    match event {
        WindowEvent::CloseRequested { api, .. } => {
            let (Some(desktop), Some(window)) =
                (app.try_state::<Desktop>(), app.get_webview_window(MAIN))
            else {
                return;
            };
            api.prevent_close();
            match desktop.closing() {
                Closing::Hide => {
                    window::hide(&window);
                    notifications::tell_closing(&desktop);
                }
                Closing::Minimise => {
                    let (title, body) = words::only_minimised(desktop.language());
                    notifications::show(app, title, body, None);
                    if let Err(error) = window.minimize() {
                        tracing::warn!("the window cannot be minimised: {error}");
                    }
                }
                Closing::Quit => desktop.quit(),
            }
        }
        WindowEvent::Destroyed => {
            if let Some(bridge) = app.try_state::<ApiBridge>() {
                bridge.abort_all();
            }
        }
        WindowEvent::ThemeChanged(theme) => {
            if let Some(desktop) = app.try_state::<Desktop>() {
                tray::hear_theme(&desktop, *theme);
            }
        }
        _ => {}
    }
}

/// Ends what runs, in order. Tauri never drops what it manages, so nothing would end by itself.
fn shut_down(runtime: &Runtime, app: &AppHandle, desktop: &Desktop) {
    runtime.block_on(async {
        let bridge = app.state::<ApiBridge>();
        if tokio::time::timeout(GRACE, bridge.shutdown()).await.is_err() {
            tracing::warn!("a request of the page did not end in time");
        }
        desktop.shut_down().await;
    });
}
