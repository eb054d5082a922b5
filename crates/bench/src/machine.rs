//! The machine that the figures were taken on.

use std::fs;

use hfsm_model::Clock;

/// Returns one line about processor, cores, system and date.
pub(crate) fn describe() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let date = Clock::system().now().format("%Y-%m-%d %H:%M UTC");
    format!("{model}, {cores} cores, Linux {}, {date}", kernel.trim())
}

/// Returns the load average over one minute: above the number of cores, others were at work too.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(f64::NAN)
}
