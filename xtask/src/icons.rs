//! The icons, drawn anew from `icons/icon.svg` and `icons/tray/*.svg`.

use anyhow::Result;

use crate::{process, settings::Settings};

/// Writes every icon. The test that compares them with the drawings does the drawing.
pub(crate) fn write(settings: &Settings) -> Result<()> {
    let mut command = settings.cargo(&["test", "--quiet", "-p", "xtask", "--test", "icons"]);
    process::run(command.env("HFSM_WRITE_ICONS", "1"))
}
