//! The lock beside the store: one process at a time.

use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use crate::{Error, Result, files};

/// Holds the store for this process until it is dropped. The system lets go of it when the process
/// ends, however it ends, so a lock is never left behind. The file itself stays: removing it would
/// let two processes lock two different files of the same name.
///
/// Closing the file alone is not enough: a child that is just being started has it open too, until
/// it becomes another program.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the store at `path` for this process.
    pub(crate) fn take(store: &Path) -> Result<Self> {
        let path = lock_path(store);
        let mut file = files::open_private(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Locked { path: store.to_owned(), holder: holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => {
                return Err(Error::of_file(&path, "lock", source));
            }
        }
        // Only a help for the person who meets the lock: a full disk must not prevent reading.
        let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self(file))
    }

    /// Lets another process have the store.
    pub(crate) fn release(&self) {
        let _ = self.0.unlock();
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.release();
    }
}

fn lock_path(store: &Path) -> PathBuf {
    files::beside(store, ".lock")
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_is_told_who_holds_the_store_and_gets_it_after_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let first = Lock::take(&path).unwrap();

        let error = Lock::take(&path).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&path.display().to_string()), "{text}");
        assert!(text.contains(&std::process::id().to_string()), "{text}");
        assert!(text.contains("another data folder"), "{text}");

        drop(first);
        Lock::take(&path).unwrap();
    }

    #[test]
    fn a_child_that_is_just_being_started_keeps_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let first = Lock::take(&path).unwrap();
        // What a fork has until it becomes another program: the same open file.
        let in_the_child = first.0.try_clone().unwrap();
        drop(first);
        Lock::take(&path).unwrap();
        drop(in_the_child);
    }

    #[test]
    fn what_a_killed_process_left_in_the_lock_file_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        std::fs::write(lock_path(&path), "4294967295 and more").unwrap();
        Lock::take(&path).unwrap();
    }
}
