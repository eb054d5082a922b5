//! The package that people install, on this machine.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// The name of the package.
const NAME: &str = "hf-space-manager";

/// The package, unpacked. It goes with this.
pub(crate) struct Package {
    root: PathBuf,
    is_installed: bool,
    _folder: TempDir,
}

impl Package {
    /// Installs the package as root does; where that is not allowed, or it is there already, takes
    /// it apart into a folder.
    pub(crate) fn install() -> Self {
        let mut package = Self::unpack();
        let is_root = output("id", &["-u"]).is_some_and(|id| id.trim() == "0");
        let is_there = output("dpkg-query", &["--show", NAME]).is_some();
        if is_root && !is_there {
            package.is_installed = true;
            package.root = PathBuf::from("/");
            run("dpkg", &[Path::new("--install"), &file()]);
        }
        package
    }

    /// Takes the package apart into a folder.
    pub(crate) fn unpack() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_path_buf();
        run("dpkg-deb", &[Path::new("--extract"), &file(), &root]);
        run("update-desktop-database", &[&root.join("usr/share/applications")]);
        Self { root, is_installed: false, _folder: folder }
    }

    /// Returns the program.
    pub(crate) fn program(&self) -> PathBuf {
        self.root.join("usr/bin").join(NAME)
    }

    /// Returns the folder that tells a desktop what is installed.
    pub(crate) fn share(&self) -> PathBuf {
        self.root.join("usr/share")
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        // The test may have failed already.
        if self.is_installed {
            let _ = Command::new("dpkg").args(["--purge", NAME]).status();
        }
    }
}

/// Returns the package's fields and files, as `dpkg-deb` tells them.
pub(crate) fn told(question: &str) -> String {
    let file = file();
    output("dpkg-deb", &[question, file.to_str().unwrap()]).expect("dpkg-deb reads the package")
}

/// Returns the package file, which `cargo xtask test` makes.
#[expect(clippy::disallowed_methods, reason = "it says where it has put the package")]
pub(crate) fn file() -> PathBuf {
    PathBuf::from(env::var("HFSM_DEB").expect("HFSM_DEB names the package"))
}

fn run(program: &str, args: &[&Path]) {
    let status = Command::new(program).args(args).status();
    assert!(status.as_ref().is_ok_and(|status| status.success()), "{program}: {status:?}");
}

fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
