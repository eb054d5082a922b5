//! Prepares what Tauri embeds. Without the desktop program there is nothing to do.

#[cfg(not(feature = "desktop"))]
fn main() {}

#[cfg(feature = "desktop")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A build script runs in the folder of its package, which is the root.
    let page = std::path::Path::new("ui/dist");
    std::fs::create_dir_all(page)?;
    // The macro that embeds the page does not watch it, so an old one would stay inside.
    println!("cargo:rerun-if-changed=ui/dist");
    if !tauri_build::is_dev() && !page.join("index.html").exists() {
        let advice = "ui/dist is empty: run `npm --prefix ui ci && npm --prefix ui run build`";
        if std::env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
            return Err(advice.into());
        }
        println!("cargo:warning={advice}");
    }
    // With patterns of our own, Tauri leaves the watching to us.
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=src-tauri/permissions");
    let manifest =
        tauri_build::AppManifest::new().permissions_path_pattern("src-tauri/permissions/*.toml");
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("src-tauri/capabilities/*.json")
        .app_manifest(manifest);
    tauri_build::try_build(attributes)?;
    Ok(())
}
