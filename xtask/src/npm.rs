//! Node packages: installed from the lock file, only when that has changed.

use std::{fs, process::Command};

use anyhow::{Context as _, Result};

use crate::{process, settings::Settings};

/// Installs the packages of `folder`, exactly as its lock file names them.
pub(crate) fn install(settings: &Settings, folder: &str) -> Result<()> {
    let lock = settings.root.join(folder).join("package-lock.json");
    let stamp = settings.root.join(folder).join("node_modules/.installed-lock.json");
    let wanted = fs::read(&lock).with_context(|| format!("read {folder}/package-lock.json"))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    process::run(command(settings, folder).args(["ci", "--no-audit", "--no-fund"]))?;
    fs::write(stamp, wanted).with_context(|| format!("write to {folder}/node_modules"))
}

/// Returns `npm run NAME` in `folder`.
pub(crate) fn script(settings: &Settings, folder: &str, name: &str) -> Command {
    let mut command = command(settings, folder);
    command.args(["run", "--silent", name]);
    command
}

/// True where the `package.json` of `folder` names the script.
pub(crate) fn has_script(settings: &Settings, folder: &str, name: &str) -> bool {
    fs::read(settings.root.join(folder).join("package.json"))
        .ok()
        .and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok())
        .is_some_and(|package| package["scripts"][name].is_string())
}

fn command(settings: &Settings, folder: &str) -> Command {
    // On Windows npm is a script, which is only found by its whole name.
    let npm = process::find_program("npm").unwrap_or_else(|| "npm".into());
    settings.program(npm, folder)
}
