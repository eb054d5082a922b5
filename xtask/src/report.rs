//! Goes on after a failure, and knows in the end what failed.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{
    count::{Count, Runner},
    process,
};

/// What the steps so far came to.
#[derive(Default)]
pub(crate) struct Report {
    total: Count,
    failed: Vec<String>,
    skipped: Vec<String>,
}

impl Report {
    /// Does a step that has no tests of its own. Returns whether it went well; if not, it counts
    /// as one failed test.
    pub(crate) fn check(&mut self, name: &str, step: impl FnOnce() -> Result<()>) -> bool {
        let begun = begin(name);
        match step() {
            Ok(()) => println!("-- {name}: fine ({})", rounded(begun.elapsed())),
            Err(error) => self.fail(name, &format!("{error:#}"), Count::ONE_FAILED),
        }
        self.failed.last().is_none_or(|last| last != name)
    }

    /// Runs tests, and adds what `runner` reports.
    pub(crate) fn tests(&mut self, name: &str, runner: Runner, command: Result<Command>) {
        let begun = begin(name);
        let mut count = Count::default();
        let ended = command.and_then(|mut command| {
            process::run_reading(&mut command, |line| count += runner.count_line(line))
        });
        self.total += count;
        match ended {
            Err(error) => self.fail(name, &format!("{error:#}"), Count::ONE_FAILED),
            Ok(status) if !status.success() => {
                // A runner that broke before its first test has failed all the same.
                let more = if count.failed == 0 { Count::ONE_FAILED } else { Count::default() };
                self.fail(name, &format!("{count} ({status})"), more);
            }
            Ok(_) if count.is_empty() => self.fail(name, "it ran no test", Count::ONE_FAILED),
            Ok(_) => println!("-- {name}: {count} ({})", rounded(begun.elapsed())),
        }
    }

    /// Leaves a step out, and says why.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        println!("\n== {name}\nskipped: {why}");
        self.total += Count::ONE_SKIPPED;
        self.skipped.push(name.to_owned());
    }

    /// Prints the closing line, alone on its line, and returns whether all went well.
    pub(crate) fn close(self, took: Duration) -> bool {
        println!("\n== Done in {}", rounded(took));
        if !self.skipped.is_empty() {
            println!("skipped: {}", self.skipped.join(", "));
        }
        if !self.failed.is_empty() {
            println!("failed: {}", self.failed.join(", "));
        }
        println!("{}", self.total);
        self.failed.is_empty() && self.total.failed == 0
    }

    fn fail(&mut self, name: &str, why: &str, count: Count) {
        println!("-- {name}: FAILED: {why}");
        self.total += count;
        self.failed.push(name.to_owned());
    }
}

fn begin(name: &str) -> Instant {
    println!("\n== {name}");
    Instant::now()
}

fn rounded(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_failed_check_counts_as_one_and_the_next_step_still_runs() {
        let mut report = Report::default();
        assert!(!report.check("format", || Err(anyhow!("one file differs"))));
        assert!(report.check("documents", || Ok(())));
        assert_eq!(report.total, Count { passed: 0, failed: 1, skipped: 0 });
        assert!(!report.close(Duration::ZERO));
    }

    #[test]
    fn a_check_that_passes_is_no_test_and_a_skipped_step_is_no_failure() {
        let mut report = Report::default();
        assert!(report.check("format", || Ok(())));
        report.skip("fuzz", "cargo fuzz is not installed");
        assert_eq!(report.total, Count { passed: 0, failed: 0, skipped: 1 });
        assert!(report.close(Duration::ZERO));
    }

    #[cfg(unix)]
    #[test]
    fn tests_are_read_from_the_runner_and_an_end_without_any_is_a_failure() {
        let says = |text: &str| {
            let mut shell = Command::new("sh");
            shell.args(["-c", text]);
            Ok(shell)
        };
        let mut report = Report::default();
        report.tests("passes", Runner::Pytest, says("echo '3 passed in 0.1s'"));
        report.tests("fails", Runner::Pytest, says("echo '1 failed, 2 passed in 0.1s'; exit 1"));
        report.tests("breaks", Runner::Pytest, says("echo 'no module'; exit 2"));
        report.tests("is empty", Runner::Pytest, says("echo 'no tests ran in 0.01s'"));
        assert_eq!(report.total, Count { passed: 5, failed: 3, skipped: 0 });
        assert_eq!(report.failed, ["fails", "breaks", "is empty"]);
    }
}
