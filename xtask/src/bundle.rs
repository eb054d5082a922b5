//! The packages that people install, made by Tauri's bundler from a release build.

use std::{
    env::consts::OS,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::{
    deb, glibc, process, run,
    settings::Settings,
    system::{self, Need},
    ui, updates,
};

/// The package of the desktop program, and its file.
pub(crate) const DESKTOP: &str = "hf-space-manager";

/// The folder below cargo's where the bundler looks for a program.
const RELEASE: &str = "release";

const MAN_PAGE: &str = "packaging/linux/hf-space-manager.1";

/// What to make, and how.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Which packages: deb, rpm, appimage; app, dmg; msi, nsis. Without it all of this system
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Pack the program as it is built for the tests: much bigger and slower, but there at once
    #[arg(long)]
    quick: bool,
    /// Where the program looks for updates; without it there are none
    #[arg(long, env = "HFSM_UPDATE_ENDPOINT", requires = "update_key")]
    update_endpoint: Option<String>,
    /// The public key that updates are signed for
    #[arg(long, env = "HFSM_UPDATE_KEY", requires = "update_endpoint")]
    update_key: Option<String>,
    /// Handed on to `tauri bundle`
    #[arg(last = true)]
    args: Vec<String>,
}

impl Options {
    /// What the tests install.
    pub(crate) fn for_tests() -> Self {
        Self { quick: true, ..Self::for_figures() }
    }

    /// What is measured: what people install.
    pub(crate) fn for_figures() -> Self {
        Self { only: vec!["deb".to_owned()], ..Self::default() }
    }
}

/// Builds the program and its packages, and says where they are.
pub(crate) fn bundle(settings: &Settings, options: &Options) -> Result<Vec<PathBuf>> {
    system::require(&[Need::Node, Need::Npm, Need::Desktop])?;
    ui::build_if_changed(settings)?;
    let program = build(settings, options)?;
    let folder = program.parent().context("the program is in no folder")?.join("bundle");
    // What an earlier version left would look like part of this one.
    if folder.exists() {
        fs::remove_dir_all(&folder).context("remove the packages of the last time")?;
    }
    let wanted = wanted(options);
    let (optional, certain): (Vec<&str>, Vec<&str>) =
        wanted.into_iter().partition(|kind| *kind == "appimage" && options.only.is_empty());
    // A file, since Windows takes no JSON on the command line of a script.
    let config = program.with_file_name("packages.json");
    let mut settled = config_of_the_packages(settings, &program)?;
    merge(&mut settled, config_of_updates(options));
    fs::write(&config, settled.to_string()).context("write the packages' configuration")?;
    if !certain.is_empty() {
        process::run(&mut bundler(settings, options, &certain, &config)?)?;
    }
    for kind in optional {
        if let Err(error) = process::run(&mut bundler(settings, options, &[kind], &config)?) {
            println!(
                "no {kind}: its tools cannot be had here, the other packages are made ({error})"
            );
        }
    }
    let built = packages(&folder)?;
    if !options.quick {
        for package in built.iter().filter(|file| file.extension().is_some_and(|it| it == "deb")) {
            deb::repack(settings, package, signer(settings))?;
        }
    }
    let made = publish(&built, &program.with_file_name("packages"))?;
    if made.is_empty() {
        bail!("the bundler made no package in {}", folder.display());
    }
    for package in &made {
        let size = fs::metadata(package).map_or(0, |file| file.len());
        println!("{:>6.1} MB  {}", size as f64 / 1e6, package.display());
    }
    Ok(made)
}

/// Puts the files among `packages` into one folder, each under the name that it is published as.
fn publish(packages: &[PathBuf], folder: &Path) -> Result<Vec<PathBuf>> {
    if folder.exists() {
        fs::remove_dir_all(folder).context("remove the packages of the last time")?;
    }
    fs::create_dir_all(folder).context("make the folder of the packages")?;
    let mut published = Vec::new();
    for package in packages.iter().filter(|package| package.is_file()) {
        let copy = folder.join(updates::published_name(package));
        fs::copy(package, &copy).with_context(|| format!("copy {}", package.display()))?;
        published.push(copy);
    }
    Ok(published)
}

/// Builds the program, and returns where it is: in a folder as the bundler expects it.
fn build(settings: &Settings, options: &Options) -> Result<PathBuf> {
    let mut build = settings.cargo(&["build", "-p", DESKTOP]);
    if !options.quick {
        build.arg("--release");
    }
    if let Some(config) = config_of_updates(options) {
        // What `tauri build --config` does: it is compiled in.
        build.env("TAURI_CONFIG", config.to_string());
    }
    process::run(&mut build)?;
    if !options.quick {
        return run::program(settings, RELEASE, DESKTOP);
    }
    let built = run::program(settings, "debug", DESKTOP)?;
    let name = built.file_name().context("the program has no name")?;
    let folder = built.with_file_name("quick").join(RELEASE);
    fs::create_dir_all(&folder).context("make the folder of the quick package")?;
    let program = folder.join(name);
    fs::copy(&built, &program).context("copy the program of the tests")?;
    // Three quarters of it are for debuggers.
    process::run(settings.program("strip", "").arg(&program))?;
    Ok(program)
}

fn wanted(options: &Options) -> Vec<&str> {
    if !options.only.is_empty() {
        return options.only.iter().map(String::as_str).collect();
    }
    match OS {
        "macos" => vec!["app", "dmg"],
        "windows" => vec!["msi", "nsis"],
        _ => vec!["deb", "rpm", "appimage"],
    }
}

fn tauri(settings: &Settings) -> Command {
    let file = if OS == "windows" { "tauri.cmd" } else { "tauri" };
    settings.program(settings.root.join(ui::FOLDER).join("node_modules/.bin").join(file), "")
}

/// Signs a file for the version that is built, with the key in the environment.
fn signer(settings: &Settings) -> Command {
    let mut command = tauri(settings);
    command.args(["signer", "sign", "--app-version", env!("CARGO_PKG_VERSION")]);
    command
}

/// Packs the program that lies beside `config`.
fn bundler(
    settings: &Settings,
    options: &Options,
    kinds: &[&str],
    config: &Path,
) -> Result<Command> {
    let mut command = tauri(settings);
    command.args(["bundle", "--bundles", &kinds.join(",")]);
    command.arg("--config").arg(config);
    command.args(&options.args);
    // The configuration lies beside the program.
    let target = config.ancestors().nth(2).context("the configuration is in no folder")?;
    command.env("CARGO_TARGET_DIR", target);
    Ok(command)
}

/// Adds what `more` says to `config`.
fn merge(config: &mut Value, more: Option<Value>) {
    match (config, more) {
        (Value::Object(config), Some(Value::Object(more))) => {
            for (name, value) in more {
                merge(config.entry(name).or_insert(Value::Null), Some(value));
            }
        }
        (config, Some(more)) => *config = more,
        (_, None) => {}
    }
}

/// Switches updates on. They are off in `tauri.conf.json`, since they need a place and a key.
fn config_of_updates(options: &Options) -> Option<Value> {
    let (endpoint, key) = (options.update_endpoint.as_ref()?, options.update_key.as_ref()?);
    Some(json!({
        "plugins": { "updater": {
            "endpoints": [endpoint],
            "pubkey": key,
            // Else an old package could be offered again under a new number.
            "requireSignedVersion": true,
        } },
        "bundle": { "createUpdaterArtifacts": true },
    }))
}

/// What of the packages depends on the program that goes into them.
fn config_of_the_packages(settings: &Settings, program: &Path) -> Result<Value> {
    if OS != "linux" {
        return Ok(json!({}));
    }
    let (major, minor) = glibc::needed(&fs::read(program).context("read the program")?)
        .context("the program names no version of the C library")?;
    let page = program.with_file_name("hf-space-manager.1.gz");
    // The same bytes for the same page: no name and no time inside.
    let packed = process::bytes(settings.program("gzip", "").args(["-9nc", MAN_PAGE]))?;
    fs::write(&page, packed).context("write the manual page")?;
    let files = json!({ "/usr/share/man/man1/hf-space-manager.1.gz": page });
    Ok(json!({ "bundle": { "linux": {
        "deb": { "depends": [format!("libc6 (>= {major}.{minor})")], "files": files },
        "rpm": {
            "depends": [format!("libc.so.6(GLIBC_{major}.{minor})(64bit)")],
            "files": files,
        },
    }}}))
}

/// Returns what the bundler has made, without what it made it from.
fn packages(folder: &Path) -> Result<Vec<PathBuf>> {
    const ENDINGS: [&str; 8] = ["deb", "rpm", "AppImage", "dmg", "gz", "msi", "exe", "sig"];
    let mut found = Vec::new();
    for kind in fs::read_dir(folder).context("look for the packages")? {
        let kind = kind?.path();
        for package in fs::read_dir(&kind).into_iter().flatten() {
            let package = package?.path();
            let ending = package.extension().unwrap_or_default();
            if ENDINGS.iter().any(|known| ending == *known) {
                found.push(package);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_no_updates_without_a_place_and_a_key() {
        assert_eq!(config_of_updates(&Options::default()), None);
        let options = Options {
            update_endpoint: Some("https://example.org/latest.json".to_owned()),
            update_key: Some("key".to_owned()),
            ..Options::default()
        };
        let config = config_of_updates(&options).unwrap();
        assert_eq!(config["plugins"]["updater"]["pubkey"], "key");
        assert_eq!(config["bundle"]["createUpdaterArtifacts"], true);
    }

    #[test]
    fn what_two_configurations_say_of_one_thing_is_kept() {
        let mut config = json!({ "bundle": { "linux": 1, "icon": [1] } });
        merge(&mut config, Some(json!({ "bundle": { "icon": [2] }, "plugins": {} })));
        let both = json!({ "bundle": { "linux": 1, "icon": [2] }, "plugins": {} });
        assert_eq!(config, both);
        merge(&mut config, None);
        assert_eq!(config, both);
    }

    #[test]
    fn each_system_has_its_packages_and_a_person_may_choose() {
        assert!(!wanted(&Options::default()).is_empty());
        assert_eq!(wanted(&Options::for_tests()), ["deb"]);
    }

    #[test]
    fn packages_are_told_from_what_they_were_made_of() {
        let folder = std::env::temp_dir().join(format!("xtask-bundle-{}", std::process::id()));
        fs::create_dir_all(folder.join("deb/x_0.1.0_amd64/data")).unwrap();
        fs::write(folder.join("deb/x_0.1.0_amd64.deb"), "").unwrap();
        let found = packages(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, [folder.join("deb/x_0.1.0_amd64.deb")]);
    }
}
