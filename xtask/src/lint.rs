//! What is said about the code without running it.

use anyhow::Result;

use crate::{npm, process::run, rules, settings::Settings, system, ui};

/// Which part of the workspace is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All but what needs GTK.
    Headless,
    WithDesktop,
}

impl Scope {
    /// Returns the widest that this machine can build.
    pub(crate) fn of_this_machine() -> Self {
        if system::provide(&[system::Need::Desktop]).is_empty() {
            Self::WithDesktop
        } else {
            Self::Headless
        }
    }

    fn features(self) -> &'static [&'static str] {
        match self {
            Self::Headless => &["--no-default-features"],
            Self::WithDesktop => &[],
        }
    }
}

/// Runs every check.
pub(crate) fn all(settings: &Settings) -> Result<()> {
    let scope = Scope::of_this_machine();
    format(settings)?;
    rules::check(settings)?;
    clippy(settings, scope)?;
    doc(settings, scope)?;
    npm::install(settings, ui::FOLDER)?;
    interface(settings)
}

/// Fails where a file is not as rustfmt writes it.
pub(crate) fn format(settings: &Settings) -> Result<()> {
    run(&mut settings.cargo(&["fmt", "--all", "--check"]))
}

/// Fails at every warning of clippy and the compiler.
pub(crate) fn clippy(settings: &Settings, scope: Scope) -> Result<()> {
    let mut command = settings.cargo(&["clippy", "--workspace", "--all-targets"]);
    run(command.args(scope.features()).args(["--", "-D", "warnings"]))
}

/// Fails at every warning of rustdoc.
pub(crate) fn doc(settings: &Settings, scope: Scope) -> Result<()> {
    let mut command = settings.cargo(&["doc", "--workspace", "--no-deps"]);
    run(command.args(scope.features()).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Checks the types and, where there is one, the style of the interface.
pub(crate) fn interface(settings: &Settings) -> Result<()> {
    for script in ["lint", "check"] {
        if npm::has_script(settings, ui::FOLDER, script) {
            run(&mut npm::script(settings, ui::FOLDER, script))?;
        }
    }
    Ok(())
}
