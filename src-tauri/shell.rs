//! The life of the desktop program: put together, open the window, end in order.

use std::{io, sync::Arc, time::Duration};

use hfsm_core::Fleet;
use hfsm_server::StopSignals;
use tauri::{AppHandle, Manager as _, RunEvent, WindowEvent, webview::PageLoadEvent};
use tokio::runtime::Runtime;

use crate::{
    bridge::ApiBridge,
    commands,
    engine::{self, EngineError},
    window,
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

/// Runs the desktop program until its window is closed. It ends the process where all went well.
///
/// # Errors
/// When it could not start.
pub fn run() -> Result<(), StartError> {
    let runtime = Arc::new(tokio::runtime::Builder::new_multi_thread().enable_all().build()?);
    // One runtime for the engine and for the commands of the page.
    tauri::async_runtime::set(runtime.handle().clone());
    let fleet = runtime.block_on(engine::start())?;
    let signals = runtime.block_on(async { StopSignals::listen() })?;

    let app = tauri::Builder::default()
        .manage(ApiBridge::new(hfsm_api::router(fleet.clone())))
        .invoke_handler(tauri::generate_handler![commands::api_fetch, commands::api_abort])
        .on_page_load(|webview, load| {
            if load.event() == PageLoadEvent::Started {
                webview.state::<ApiBridge>().abort_all();
            }
        })
        .on_window_event(|window, event| {
            if matches!(event, WindowEvent::Destroyed) {
                window.state::<ApiBridge>().abort_all();
            }
        })
        .setup(|app| window::open(app))
        .build(tauri::generate_context!())?;
    end_at_signal(&fleet, signals, app.handle().clone());
    app.run(move |app, event| {
        if matches!(event, RunEvent::ExitRequested { .. }) {
            shut_down(&runtime, app, &fleet);
        }
    });
    Ok(())
}

/// Closes the program as its window does when the system asks for its end.
fn end_at_signal(fleet: &Fleet, mut signals: StopSignals, app: AppHandle) {
    let _entered = tauri::async_runtime::handle().inner().enter();
    fleet.supervisor().spawn("end at a signal", async move {
        signals.next().await;
        app.exit(0);
    });
}

/// Ends what runs, in order. Tauri never drops what it manages, so nothing would end by itself.
fn shut_down(runtime: &Runtime, app: &AppHandle, fleet: &Fleet) {
    runtime.block_on(async {
        let bridge = app.state::<ApiBridge>();
        if tokio::time::timeout(GRACE, bridge.shutdown()).await.is_err() {
            tracing::warn!("a request of the page did not end in time");
        }
        fleet.shutdown().await;
    });
}
