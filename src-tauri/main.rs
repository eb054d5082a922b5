//! The desktop program.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() -> anyhow::Result<()> {
    // What still waits for the desktop, such as a notification, must not hold up the end.
    std::process::exit(hf_space_manager::run()?)
}
