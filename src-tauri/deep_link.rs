//! Links into the program, such as `hfsm://spaces/alice/chat`.

use hfsm_model::SpaceId;
use tauri::{AppHandle, Url};
use tauri_plugin_deep_link::DeepLinkExt as _;

use crate::{paths, window};

/// The scheme that the installed program is registered for.
const SCHEME: &str = "hfsm";

/// Returns the path of the page that a link leads to; `None` for anything that is no such link.
/// Nothing of a link reaches the page but the name of a Space.
pub(crate) fn path(link: &str) -> Option<String> {
    let url = Url::parse(link).ok()?;
    if url.scheme() != SCHEME || url.host_str() != Some("spaces") {
        return None;
    }
    let names: Vec<&str> = url.path().split('/').filter(|name| !name.is_empty()).collect();
    match names[..] {
        [] => Some(paths::SPACES.to_owned()),
        [owner, name] => Some(paths::space(&SpaceId::new(owner, name).ok()?)),
        _ => None,
    }
}

/// Opens the links that the system brings while the program runs, as macOS does. Elsewhere they
/// come as the argument of a start.
pub(crate) fn listen(app: &AppHandle) {
    let handle = app.clone();
    app.deep_link().on_open_url(move |event| {
        for path in event.urls().iter().filter_map(|url| path(url.as_str())) {
            window::summon(&handle, Some(path));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_a_space_or_all_of_them() {
        assert_eq!(path("hfsm://spaces/alice/chat").unwrap(), "/spaces/alice/chat");
        assert_eq!(path("hfsm://spaces/alice/chat/").unwrap(), "/spaces/alice/chat");
        assert_eq!(path("hfsm://spaces").unwrap(), "/spaces");
        assert_eq!(path("hfsm://spaces/alice/chat?x=1#y").unwrap(), "/spaces/alice/chat");
    }

    #[test]
    fn what_is_no_name_of_a_space_is_not_opened() {
        for link in [
            "hfsm://spaces/alice",
            "hfsm://spaces/alice/chat/more",
            "hfsm://accounts/alice",
            "hfsm://spaces/alice/%2e%2e%2f",
            "hfsm://spaces/alice/<script>",
            "hfsm:spaces/alice/chat",
            "https://huggingface.co/spaces/alice/chat",
            "--hidden",
            "",
        ] {
            assert_eq!(path(link), None, "{link}");
        }
    }
}
