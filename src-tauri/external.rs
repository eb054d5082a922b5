//! Which addresses the page may have opened in the browser: the Hub's, and the apps of Spaces.

use tauri::Url;

/// The Hub's own hosts, and the end of its apps' hosts.
const HUB: [&str; 2] = ["huggingface.co", "hf.co"];
const APPS: &str = ".hf.space";

/// Returns whether `url` is a page of the Hub or an app of a Space. `endpoint` is the Hub that is
/// configured, and `app_url` where its apps answer, with `{subdomain}`.
pub(crate) fn may_open(url: &Url, endpoint: &Url, app_url: &str) -> bool {
    if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
        return false;
    }
    let Some(host) = url.host_str() else { return false };
    if url.port().is_none() && (HUB.contains(&host) || is_below(host, APPS)) {
        return true;
    }
    endpoint.scheme() == "https" && endpoint.origin() == url.origin() || is_app(url, app_url)
}

/// Returns whether `host` is one label and then `end`.
fn is_below(host: &str, end: &str) -> bool {
    host.strip_suffix(end).is_some_and(|label| !label.is_empty() && !label.contains('.'))
}

fn is_app(url: &Url, app_url: &str) -> bool {
    let Ok(app) = app_url.replace("{subdomain}", "x").parse::<Url>() else { return false };
    let Some(end) = app.host_str().and_then(|host| host.strip_prefix('x')) else { return false };
    app_url.contains("{subdomain}.")
        && app.scheme() == "https"
        && app.port_or_known_default() == url.port_or_known_default()
        && url.host_str().is_some_and(|host| is_below(host, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(url: &str) -> bool {
        let own: Url = "https://hub.example.org".parse().unwrap();
        let app = "https://{subdomain}.apps.example.org";
        url.parse().is_ok_and(|url| may_open(&url, &own, app))
    }

    #[test]
    fn pages_of_the_hub_and_apps_of_spaces_are_opened() {
        for url in [
            "https://huggingface.co/settings/tokens",
            "https://hf.co/docs",
            "https://alice-chat.hf.space/",
            "https://hub.example.org/spaces/alice/chat",
            "https://alice-chat.apps.example.org/",
        ] {
            assert!(allowed(url), "{url}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for url in [
            "http://huggingface.co/",
            "https://huggingface.co.example.org/",
            "https://example.org/?huggingface.co",
            "https://alice@huggingface.co/",
            "https://huggingface.co:8443/",
            "https://hf.space/",
            "https://a.b.hf.space/",
            "https://evil-hf.space/",
            "https://apps.example.org/",
            "https://a.b.apps.example.org/",
            "https://hub.example.org:444/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "hfsm://spaces/alice/chat",
        ] {
            assert!(!allowed(url), "{url}");
        }
    }

    #[test]
    fn a_hub_on_this_machine_opens_nothing() {
        let local: Url = "http://127.0.0.1:4000".parse().unwrap();
        let app = "http://127.0.0.1:4001/{subdomain}";
        assert!(!may_open(&"http://127.0.0.1:4000/x".parse().unwrap(), &local, app));
        assert!(!may_open(&"https://127.0.0.1:4001/x".parse().unwrap(), &local, app));
    }
}
