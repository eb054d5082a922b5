//! The interface: its packages, and its files in `ui/dist`.

use std::{fs, io, path::Path, time::SystemTime};

use anyhow::{Context as _, Result};

use crate::{npm, process, settings::Settings};

/// The interface's folder.
pub(crate) const FOLDER: &str = "ui";

/// What tools write: newer than the built page without being a reason to build it.
const WRITTEN: [&str; 6] =
    ["node_modules", "dist", ".svelte-kit", "paraglide", "test-results", "playwright-report"];

/// Builds the interface unless nothing has changed since the last time.
pub(crate) fn build_if_changed(settings: &Settings) -> Result<()> {
    npm::install(settings, FOLDER)?;
    let folder = settings.root.join(FOLDER);
    if is_stale(&folder).context("look for changes in ui/")? {
        build(settings)?;
    }
    Ok(())
}

/// Builds the interface.
pub(crate) fn build(settings: &Settings) -> Result<()> {
    process::run(&mut npm::script(settings, FOLDER, "build"))
}

fn is_stale(folder: &Path) -> io::Result<bool> {
    let Ok(page) = fs::metadata(folder.join("dist/index.html")) else {
        return Ok(true);
    };
    Ok(newest(folder)?.is_some_and(|newest| page.modified().is_ok_and(|built| newest > built)))
}

/// Returns when the newest file was written.
fn newest(folder: &Path) -> io::Result<Option<SystemTime>> {
    let mut newest = None;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if WRITTEN.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let modified = if entry.file_type()?.is_dir() {
            self::newest(&entry.path())?
        } else {
            Some(entry.metadata()?.modified()?)
        };
        newest = newest.max(modified);
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use std::{fs::File, path::PathBuf, time::Duration};

    use super::*;

    #[test]
    fn a_page_is_stale_when_a_source_is_newer_and_not_when_a_package_is() {
        let folder = Scratch::new("stale");
        assert!(is_stale(&folder.0).unwrap(), "no page yet");

        folder.write("src/routes/page.svelte", 10);
        folder.write("dist/index.html", 20);
        folder.write("node_modules/x/index.js", 30);
        assert!(!is_stale(&folder.0).unwrap(), "nothing changed");

        folder.write("src/routes/page.svelte", 40);
        assert!(is_stale(&folder.0).unwrap(), "a source changed");
    }

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, name: &str, seconds: u64) {
            let path = self.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            File::create(path).unwrap().set_modified(time).unwrap();
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
