//! Whatever ends the program leaves a word in the log: a panic at once, and what leaves no time for
//! that, such as a crash in a library or a power cut, at the next start.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    fs, io, panic,
    path::{Path, PathBuf},
};

/// The file that is there while the program runs.
const FILE: &str = "desktop.running";

/// Sends panics to the log. Who catches one says more about it.
pub(crate) fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("without a name");
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            tracing::error!("the thread {name} {panic}\n{trace}");
        } else {
            tracing::error!("the thread {name} {panic}");
        }
    }));
}

/// Knows whether the program has ended in order.
#[derive(Debug)]
pub(crate) struct LastWords(PathBuf);

impl LastWords {
    /// Notes that the program runs. Says so in the log where the last one has not ended in order.
    pub(crate) fn begin(data_dir: &Path) -> Self {
        let file = data_dir.join(FILE);
        if let Some(process) = left_by(&file) {
            tracing::warn!(
                "the last run of the program (process {process}) ended without a word: it crashed, \
                 was killed, or the machine went off"
            );
        }
        if let Err(error) = fs::write(&file, std::process::id().to_string()) {
            tracing::debug!("{} cannot be written: {error}", file.display());
        }
        Self(file)
    }

    /// Notes that the program ends in order.
    pub(crate) fn end(&self) {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::debug!("{} cannot be removed: {error}", self.0.display());
            }
            _ => {}
        }
    }
}

/// Returns the process that has left `file` behind.
fn left_by(file: &Path) -> Option<u32> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_did_not_end_in_order_is_seen_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        assert_eq!(left_by(&file), None);
        let first = LastWords::begin(folder.path());
        assert_eq!(left_by(&file), Some(std::process::id()));
        first.end();
        first.end();
        assert_eq!(left_by(&file), None);
    }
}
