//! Newer versions of the program. Off until the configuration names an endpoint and the key that
//! releases are signed with.

use serde::Serialize;
use tauri::{AppHandle, Config, Manager as _};
use tauri_plugin_updater::{Error, Update, UpdaterExt as _};
use tokio::sync::Mutex;

/// The name of the plugin, and of its part of the configuration.
const PLUGIN: &str = "updater";

/// A newer version.
#[derive(Debug, Serialize)]
pub(crate) struct NewVersion {
    version: String,
    notes: Option<String>,
}

/// The newer version that was found last, to be installed.
#[derive(Default)]
pub(crate) struct Found(Mutex<Option<Update>>);

/// Returns whether there is somewhere to ask.
pub(crate) fn is_configured(config: &Config) -> bool {
    let Some(updater) = config.plugins.0.get(PLUGIN) else { return false };
    let endpoints = updater["endpoints"].as_array().is_some_and(|all| !all.is_empty());
    let key = updater["pubkey"].as_str().is_some_and(|key| !key.trim().is_empty());
    endpoints && key
}

/// Adds the plugin where there is somewhere to ask. A wrong configuration is logged, and no update
/// is found then.
pub(crate) fn prepare(app: &AppHandle) {
    if !is_configured(app.config()) {
        return;
    }
    if let Err(error) = app.plugin(tauri_plugin_updater::Builder::new().build()) {
        tracing::warn!("updates are off, since their configuration is wrong: {error}");
    }
}

/// Asks for a newer version; `None` where there is none, or nowhere to ask.
///
/// # Errors
/// When the endpoint does not answer as it should.
pub(crate) async fn check(app: &AppHandle) -> Result<Option<NewVersion>, Error> {
    if !is_configured(app.config()) {
        return Ok(None);
    }
    let update = app.updater()?.check().await?;
    let found = update
        .as_ref()
        .map(|update| NewVersion { version: update.version.clone(), notes: update.body.clone() });
    *app.state::<Found>().0.lock().await = update;
    Ok(found)
}

/// Installs the version that was found; returns whether there was one.
///
/// # Errors
/// When it cannot be had, is not signed with the right key, or cannot be put in place.
pub(crate) async fn install(app: &AppHandle) -> Result<bool, Error> {
    let Some(update) = app.state::<Found>().0.lock().await.take() else { return Ok(false) };
    update.download_and_install(|_, _| {}, || {}).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(updater: serde_json::Value) -> Config {
        let mut config: Config =
            serde_json::from_value(serde_json::json!({ "identifier": "dev.example" })).unwrap();
        config.plugins.0.insert(PLUGIN.to_owned(), updater);
        config
    }

    #[test]
    fn updates_need_somewhere_to_ask_and_a_key() {
        let whole = serde_json::json!({ "endpoints": ["https://example.org/x"], "pubkey": "key" });
        assert!(is_configured(&config(whole)));
        for part in [
            serde_json::json!({ "endpoints": [], "pubkey": "key" }),
            serde_json::json!({ "endpoints": ["https://example.org/x"], "pubkey": "" }),
            serde_json::json!({ "pubkey": "key" }),
            serde_json::Value::Null,
        ] {
            assert!(!is_configured(&config(part.clone())), "{part}");
        }
    }
}
