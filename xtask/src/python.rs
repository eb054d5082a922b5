//! An environment of its own for the tests that are written in Python.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    process::{find_program, output, run},
    settings::Settings,
};

/// Says its version where it can make an environment; Debian packs that part on its own.
const PROBE: &str = "import ensurepip, sys, venv; \
    assert sys.version_info >= (3, 10); print(sys.executable, sys.version)";

/// Returns a Python that can make an environment.
pub(crate) fn interpreter() -> Option<PathBuf> {
    probed().map(|(path, _)| path)
}

/// Returns the Python of an environment that holds the packages of `requirements`, and makes it
/// first where it is not there or older than the file.
pub(crate) fn environment(settings: &Settings, requirements: &Path) -> Result<PathBuf> {
    let Some((python, version)) = probed() else {
        bail!("no Python 3.10 or newer with its venv module");
    };
    let folder = settings.cache.join("venv");
    let inside = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    let inside = folder.join(inside);
    let wanted = fs::read_to_string(requirements)
        .with_context(|| format!("read {}", requirements.display()))?;
    let wanted = format!("{version}\n{wanted}");
    let stamp = folder.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && inside.exists() {
        return Ok(inside);
    }
    run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder))?;
    run(Command::new(&inside)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(requirements))?;
    fs::write(&stamp, wanted).with_context(|| format!("write {}", stamp.display()))?;
    Ok(inside)
}

fn probed() -> Option<(PathBuf, String)> {
    ["python3", "python"].iter().find_map(|name| {
        let path = find_program(name)?;
        let version = output(Command::new(&path).args(["-c", PROBE])).ok()?;
        Some((path, version))
    })
}
