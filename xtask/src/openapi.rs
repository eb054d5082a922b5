//! The API's document and the types that the interface makes from it.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{npm, process, settings::Settings, ui};

/// Where the document is kept.
const DOCUMENT: &str = "docs/api/openapi.json";

/// Writes both anew.
pub(crate) fn regenerate(settings: &Settings) -> Result<()> {
    let mut command = settings.cargo(&["run", "--quiet", "-p", "hfsm", "--", "openapi"]);
    let document = process::output(&mut command)?;
    fs::write(settings.root.join(DOCUMENT), document)
        .with_context(|| format!("write {DOCUMENT}"))?;
    println!("wrote {DOCUMENT}");
    npm::install(settings, ui::FOLDER)?;
    process::run(&mut npm::script(settings, ui::FOLDER, "api:types"))
}
