//! A line that tells a person that something goes on.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::Output;

/// A spinner on a terminal, plain lines elsewhere, nothing for programs.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    plain: bool,
    last: String,
}

impl Progress {
    pub(crate) fn new(output: Output) -> Self {
        let terminal = io::stderr().is_terminal() && !output.json;
        let bar = terminal.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, plain: !terminal && !output.json, last: String::new() }
    }

    /// Says what goes on now.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        let text = text.into();
        if text == self.last {
            return;
        }
        if let Some(bar) = &self.bar {
            bar.set_message(text.clone());
        } else if self.plain {
            let _ = writeln!(io::stderr(), "{text}");
        }
        self.last = text;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
