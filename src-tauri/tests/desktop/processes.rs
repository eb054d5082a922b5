//! What a program and everything that it has started take of the machine.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

/// A process and all below it.
pub(crate) struct Tree(Vec<u32>);

impl Tree {
    /// Looks at who is there now.
    pub(crate) fn of(root: u32) -> Self {
        let parents: BTreeMap<u32, u32> = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|id| Some((id, fields(id)?.get(1)?.parse().ok()?)))
            .collect();
        let mut tree = vec![root];
        let mut index = 0;
        while let Some(parent) = tree.get(index).copied() {
            tree.extend(parents.iter().filter(|(_, its)| **its == parent).map(|(id, _)| *id));
            index += 1;
        }
        Self(tree)
    }

    /// Returns the names of the programs.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.0.iter().map(|id| fs::read_to_string(file(*id, "comm")));
        names.flatten().map(|name| name.trim().to_owned()).collect()
    }

    /// Returns the memory that they take, where what is shared counts in parts: bytes.
    pub(crate) fn proportional_memory(&self) -> u64 {
        let of_one = |id: &u32| -> Option<u64> {
            let text = fs::read_to_string(file(*id, "smaps_rollup")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        self.0.iter().filter_map(of_one).sum::<u64>() * 1024
    }

    /// Returns the processor time that they have taken.
    pub(crate) fn processor_time(&self) -> Duration {
        // Linux counts in hundredths of a second for programs, whatever it does inside.
        let ticks = |id: &u32| -> Option<u64> {
            let fields = fields(*id)?;
            Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
        };
        Duration::from_millis(self.0.iter().filter_map(ticks).sum::<u64>() * 10)
    }
}

/// Returns what `/proc/ID/stat` says after the name, which may have spaces.
fn fields(id: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(file(id, "stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

fn file(id: u32, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{id}/{name}"))
}
