//! The main window, which shows nothing but our own page. Other pages open in the browser.

use tauri::{App, Url, WebviewWindowBuilder, webview::NewWindowResponse};

/// Opens the window that `tauri.conf.json` describes.
///
/// # Errors
/// Where there is no screen, or the window's description is missing.
pub(crate) fn open(app: &App) -> Result<(), Box<dyn std::error::Error>> {
    let config = app.config().app.windows.first().ok_or("tauri.conf.json describes no window")?;
    let dev_url = tauri::is_dev().then(|| app.config().build.dev_url.clone()).flatten();
    WebviewWindowBuilder::from_config(app.handle(), config)?
        .on_navigation(move |url| {
            let own = is_own_page(url, dev_url.as_ref());
            if !own {
                open_in_browser(url);
            }
            own
        })
        .on_new_window(|url, _| {
            open_in_browser(&url);
            NewWindowResponse::Deny
        })
        .build()?;
    Ok(())
}

/// True for the page that is built in, and for the one that `tauri dev` serves.
fn is_own_page(url: &Url, dev_url: Option<&Url>) -> bool {
    let built_in = match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // The same page, as Windows spells it.
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        _ => false,
    };
    built_in || dev_url.is_some_and(|dev_url| dev_url.origin() == url.origin())
}

fn open_in_browser(url: &Url) {
    // Other schemes would start other programs.
    if url.scheme() != "https" {
        return;
    }
    if let Err(error) = open::that_detached(url.as_str()) {
        tracing::warn!("no browser could be started for {url}: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_stays_on_our_own_page() {
        let dev = Url::parse("http://localhost:1420").unwrap();
        let own = |url: &str| is_own_page(&Url::parse(url).unwrap(), None);
        assert!(own("tauri://localhost/spaces"));
        assert!(own("http://tauri.localhost/"));
        for foreign in [
            "https://huggingface.co/",
            "tauri://elsewhere/",
            "http://localhost:1420/",
            "file:///etc/passwd",
            "https://tauri.localhost.example.org/",
            "data:text/html,x",
        ] {
            assert!(!own(foreign), "{foreign}");
        }
        assert!(is_own_page(&Url::parse("http://localhost:1420/x").unwrap(), Some(&dev)));
    }
}
