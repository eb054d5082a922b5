//! The installed desktop program on a whole desktop: the package, a screen, a session bus, a real
//! keychain, a real tray, real notifications, and a simulated Hub.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod browser;
mod day;
mod figures;
mod hidden;
mod notifications;
mod package;
mod processes;
mod program;
mod screen;
mod session;
mod starts;
#[path = "../window/stream.rs"]
mod stream;
mod tray;
#[path = "../window/webdriver.rs"]
#[expect(dead_code, reason = "it is shared with another test, which looks at other things")]
mod webdriver;

use std::process::Command;

use crate::package::Package;

#[test]
#[ignore = "it needs the package, which `cargo xtask test` makes"]
fn the_package_says_what_it_is_and_what_it_needs() {
    let fields = package::told("--info");
    for field in [
        "Package: hf-space-manager",
        "Section: net",
        "Depends: libc6 (>= 2.",
        "libwebkit2gtk-4.1-0, libgtk-3-0",
        "Recommends: libayatana-appindicator3-1",
        "Description: One window over all your Hugging Face Spaces",
    ] {
        assert!(fields.contains(field), "`{field}` is not in\n{fields}");
    }
    // Without the tray's library the program runs too.
    let needed = fields.lines().find(|line| line.trim().starts_with("Depends:")).unwrap();
    assert!(!needed.contains("appindicator"), "{needed}");

    let files = package::told("--contents");
    for file in [
        "./usr/bin/hf-space-manager",
        "usr/share/applications/hf-space-manager.desktop",
        "usr/share/doc/hf-space-manager/copyright",
        "usr/share/icons/hicolor/16x16/apps/hf-space-manager.png",
        "usr/share/icons/hicolor/512x512/apps/hf-space-manager.png",
        "usr/share/icons/hicolor/scalable/apps/hf-space-manager.svg",
        "usr/share/man/man1/hf-space-manager.1.gz",
        "usr/share/metainfo/dev.hf_space_manager.desktop.metainfo.xml",
    ] {
        assert!(files.contains(file.trim_start_matches("./")), "{file} is not in\n{files}");
    }
}

#[test]
#[ignore = "it needs the package, which `cargo xtask test` makes"]
fn the_desktop_entry_and_the_store_entry_are_valid() {
    let package = Package::unpack();
    let entry = package.share().join("applications/hf-space-manager.desktop");
    let text = std::fs::read_to_string(&entry).unwrap();
    for line in ["Exec=hf-space-manager %u", "MimeType=x-scheme-handler/hfsm;", "Name[zh_CN]="] {
        assert!(text.contains(line), "`{line}` is not in\n{text}");
    }
    let metainfo = package.share().join("metainfo/dev.hf_space_manager.desktop.metainfo.xml");
    for (program, args, file) in [
        ("desktop-file-validate", &[][..], &entry),
        ("appstreamcli", &["validate", "--no-net"][..], &metainfo),
    ] {
        let output = Command::new(program).args(args).arg(file).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{program}: {said}");
    }
}
