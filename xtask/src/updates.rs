//! What the program reads when it looks for updates: which version there is, where its packages
//! lie, and the signature of each.

use std::{env::consts::ARCH, fs, path::Path, path::PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

use crate::settings::Settings;

/// The packages to publish.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The folder of the packages and their signatures; `latest.json` is written there
    folder: PathBuf,
    /// Where the packages will lie
    #[arg(long)]
    url: String,
}

/// Writes `latest.json`.
pub(crate) fn write(settings: &Settings, options: &Options) -> Result<()> {
    let folder = settings.root.join(&options.folder);
    let mut signatures = Vec::new();
    for file in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
        let file = file?.path();
        if file.extension().is_some_and(|ending| ending == "sig") {
            let package = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            signatures.push((package, fs::read_to_string(&file)?));
        }
    }
    signatures.sort();
    let manifest = manifest(env!("CARGO_PKG_VERSION"), &options.url, &signatures)?;
    let text = serde_json::to_string_pretty(&manifest)?;
    fs::write(folder.join("latest.json"), text).context("write latest.json")
}

/// Returns the name under which a package is published: without spaces, which hosts replace as
/// they like, and with the processor where the bundler leaves it out.
pub(crate) fn published_name(package: &Path) -> String {
    let name = package.file_name().unwrap_or_default().to_string_lossy().replace(' ', "-");
    match name.split_once(".app.tar.gz") {
        Some((program, rest)) => format!("{program}_{ARCH}.app.tar.gz{rest}"),
        None => name,
    }
}

fn manifest(version: &str, url: &str, signatures: &[(String, String)]) -> Result<Value> {
    let mut platforms = Map::new();
    for (package, signature) in signatures {
        let entry = json!({
            "signature": signature.trim(),
            "url": format!("{}/{package}", url.trim_end_matches('/')),
        });
        for platform in platforms_of(package)? {
            platforms.insert(platform, entry.clone());
        }
    }
    if platforms.is_empty() {
        bail!("no package is signed: TAURI_SIGNING_PRIVATE_KEY was not there when they were made");
    }
    Ok(json!({ "version": version, "platforms": platforms }))
}

/// Returns what the updater calls the systems that take `package`. It looks for the kind of
/// package that it was installed from, then for any.
fn platforms_of(package: &str) -> Result<Vec<String>> {
    let arch = [("aarch64", "aarch64"), ("arm64", "aarch64"), ("x86_64", "x86_64")]
        .into_iter()
        .chain([("amd64", "x86_64"), ("x64", "x86_64")])
        .find_map(|(spelt, arch)| package.contains(spelt).then_some(arch))
        .with_context(|| format!("{package} names no processor"))?;
    let (system, kind, is_usual) = match package {
        name if name.ends_with(".AppImage") => ("linux", "appimage", true),
        name if name.ends_with(".deb") => ("linux", "deb", false),
        name if name.ends_with(".rpm") => ("linux", "rpm", false),
        name if name.ends_with(".app.tar.gz") => ("darwin", "app", true),
        name if name.ends_with(".exe") => ("windows", "nsis", true),
        name if name.ends_with("en-US.msi") => ("windows", "msi", false),
        // One for each language; the updater asks for none.
        name if name.ends_with(".msi") => return Ok(Vec::new()),
        _ => bail!("{package} is no package that an update is made from"),
    };
    let mut platforms = vec![format!("{system}-{arch}-{kind}")];
    if is_usual {
        platforms.push(format!("{system}-{arch}"));
    }
    Ok(platforms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_package_is_found_by_the_system_that_takes_it() {
        let signed = [
            "HF-Space-Manager_0.1.0_x64-setup.exe",
            "HF-Space-Manager_0.1.0_x64_en-US.msi",
            "HF-Space-Manager_0.1.0_x64_zh-CN.msi",
            "HF-Space-Manager_aarch64.app.tar.gz",
            "hf-space-manager_0.1.0_amd64.AppImage",
            "hf-space-manager_0.1.0_amd64.deb",
            "hf-space-manager-0.1.0-1.aarch64.rpm",
        ]
        .map(|name| (name.to_owned(), format!("signature of {name}\n")));
        let manifest = manifest("0.1.0", "https://example.org/v0.1.0/", &signed).unwrap();
        assert_eq!(manifest["version"], "0.1.0");
        let found: Vec<(&str, &str)> = manifest["platforms"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(platform, entry)| (platform.as_str(), entry["url"].as_str().unwrap()))
            .map(|(platform, url)| (platform, url.rsplit('/').next().unwrap()))
            .collect();
        assert_eq!(
            found,
            [
                ("windows-x86_64-nsis", "HF-Space-Manager_0.1.0_x64-setup.exe"),
                ("windows-x86_64", "HF-Space-Manager_0.1.0_x64-setup.exe"),
                ("windows-x86_64-msi", "HF-Space-Manager_0.1.0_x64_en-US.msi"),
                ("darwin-aarch64-app", "HF-Space-Manager_aarch64.app.tar.gz"),
                ("darwin-aarch64", "HF-Space-Manager_aarch64.app.tar.gz"),
                ("linux-x86_64-appimage", "hf-space-manager_0.1.0_amd64.AppImage"),
                ("linux-x86_64", "hf-space-manager_0.1.0_amd64.AppImage"),
                ("linux-x86_64-deb", "hf-space-manager_0.1.0_amd64.deb"),
                ("linux-aarch64-rpm", "hf-space-manager-0.1.0-1.aarch64.rpm"),
            ]
        );
        assert_eq!(
            manifest["platforms"]["linux-x86_64-deb"]["signature"],
            "signature of hf-space-manager_0.1.0_amd64.deb"
        );
    }

    #[test]
    fn nothing_is_published_unsigned_or_unknown() {
        assert!(manifest("0.1.0", "https://example.org", &[]).is_err());
        assert!(platforms_of("hf-space-manager_0.1.0_amd64.zip").is_err());
        assert!(platforms_of("hf-space-manager.deb").is_err());
    }

    #[test]
    fn a_published_name_has_no_spaces_and_says_the_processor() {
        let name = |path: &str| published_name(Path::new(path));
        assert_eq!(
            name("x/HF Space Manager_0.1.0_x64-setup.exe.sig"),
            "HF-Space-Manager_0.1.0_x64-setup.exe.sig"
        );
        assert_eq!(
            name("HF Space Manager.app.tar.gz"),
            format!("HF-Space-Manager_{ARCH}.app.tar.gz")
        );
    }
}
