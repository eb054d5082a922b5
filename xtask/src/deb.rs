//! Debian packages, packed anew with xz: Tauri's bundler only knows gzip, and the package is a
//! third smaller this way.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result};

use crate::{process, settings::Settings};

/// Packs `package` anew where dpkg is there, and signs it again where it was signed; `signer` is
/// the command that signs a file.
pub(crate) fn repack(settings: &Settings, package: &Path, mut signer: Command) -> Result<()> {
    if !process::succeeds(settings.program("dpkg-deb", "").arg("--version")) {
        println!("{} stays packed with gzip: dpkg is not installed here", package.display());
        return Ok(());
    }
    let folder = package.with_extension("files");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("remove what the last time left")?;
    }
    process::run(settings.program("dpkg-deb", "").arg("--raw-extract").args([package, &folder]))?;
    process::run(
        settings
            .program("dpkg-deb", "")
            .args(["--root-owner-group", "-Zxz", "--build"])
            .args([&folder, package]),
    )?;
    fs::remove_dir_all(&folder).context("remove the unpacked package")?;
    let signature = package.with_extension("deb.sig");
    if signature.exists() {
        fs::remove_file(&signature).context("remove the signature of the other package")?;
        process::run(signer.arg(package))?;
    }
    Ok(())
}
