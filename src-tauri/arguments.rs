//! What the program is told on its command line.

use std::time::Duration;

use crate::deep_link;

/// What a start asks for. A second start hands the same to the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Begin in the tray, without a window: `--hidden`, as the entry for the sign-in says it.
    pub(crate) hidden: bool,
    /// Begin in the demo: `--demo`.
    pub(crate) demo: bool,
    /// The page to open, from a link such as `hfsm://spaces/alice/chat`.
    pub(crate) path: Option<String>,
    /// This start takes the place of the program itself: `--anew`.
    pub(crate) anew: bool,
    /// Where the window begins once it is asked for: `--page=PATH`.
    pub(crate) page: Option<String>,
    /// How long a hidden window keeps its page: `--drop-page-after=SECONDS`, for those who measure.
    pub(crate) page_rest: Option<Duration>,
}

impl Arguments {
    /// The argument of the entry that starts the program when its person signs in.
    pub(crate) const HIDDEN: &str = "--hidden";
    /// The arguments that the program gives itself, see `renewal`.
    pub(crate) const ANEW: &str = "--anew";
    pub(crate) const PAGE: &str = "--page=";
    pub(crate) const PAGE_REST: &str = "--drop-page-after=";

    /// Reads the words after the program's name. What the system adds of its own is passed over.
    pub(crate) fn parse<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Self {
        let mut arguments = Self::default();
        for word in words {
            match word.as_ref() {
                Self::HIDDEN => arguments.hidden = true,
                "--demo" => arguments.demo = true,
                Self::ANEW => arguments.anew = true,
                word => {
                    if let Some(seconds) = word.strip_prefix(Self::PAGE_REST) {
                        arguments.page_rest = seconds.parse().ok().map(Duration::from_secs);
                    } else if let Some(path) = word.strip_prefix(Self::PAGE) {
                        arguments.page = Some(path.to_owned()).filter(|path| is_path(path));
                    } else if let Some(path) = deep_link::path(word) {
                        arguments.path = Some(path);
                    }
                }
            }
        }
        arguments
    }
}

/// What a terminal is told by `--help`. The arguments that the program gives itself are its own.
const HELP: &str = "\
HF Space Manager: one window over all your Hugging Face Spaces

Usage: hf-space-manager [OPTIONS] [hfsm://spaces/OWNER/NAME]

Options:
      --hidden   Begin in the tray, without a window
      --demo     Look around on a simulated Hub, without a token
  -h, --help     Print this
  -V, --version  Print the version

HFSM_DATA_DIR names another folder for its data, HFSM_LOG=debug says more of what it does.
The same without a desktop, and for scripts, is `hfsm`.";

/// Returns what is asked of the program where it has only to say something.
pub(crate) fn answer<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Option<String> {
    words.into_iter().find_map(|word| match word.as_ref() {
        "--help" | "-h" => Some(HELP.to_owned()),
        "--version" | "-V" => Some(format!("hf-space-manager {}", env!("CARGO_PKG_VERSION"))),
        _ => None,
    })
}

/// True for a path of our own page.
fn is_path(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_at_the_sign_in_is_hidden() {
        assert!(Arguments::parse(["--hidden"]).hidden);
        assert_eq!(Arguments::parse([] as [&str; 0]), Arguments::default());
    }

    #[test]
    fn a_terminal_is_answered() {
        assert!(answer(["--demo", "--help"]).unwrap().contains("--hidden"));
        assert_eq!(
            answer(["-V"]).unwrap(),
            format!("hf-space-manager {}", env!("CARGO_PKG_VERSION"))
        );
        assert_eq!(answer(["--demo", "hfsm://spaces/alice/chat"]), None);
    }

    #[test]
    fn a_link_opens_its_space_and_foreign_words_do_nothing() {
        let arguments = Arguments::parse(["-psn_0_12345", "hfsm://spaces/alice/chat", "--demo"]);
        assert_eq!(arguments.path.as_deref(), Some("/spaces/alice/chat"));
        assert!(arguments.demo && !arguments.hidden);
        assert_eq!(Arguments::parse(["https://example.org/"]), Arguments::default());
    }

    #[test]
    fn a_program_that_begins_anew_remembers_its_page() {
        let arguments = Arguments::parse(["--hidden", "--anew", "--page=/spaces/a/b?x=1#logs"]);
        assert!(arguments.hidden && arguments.anew);
        assert_eq!(arguments.page.as_deref(), Some("/spaces/a/b?x=1#logs"));
        for foreign in ["--page=//example.org/", "--page=https://example.org/", "--page="] {
            assert_eq!(Arguments::parse([foreign]).page, None, "{foreign}");
        }
    }

    #[test]
    fn who_measures_says_how_long_a_hidden_page_is_kept() {
        let rest = |word| Arguments::parse([word]).page_rest;
        assert_eq!(rest("--drop-page-after=5"), Some(Duration::from_secs(5)));
        assert_eq!(rest("--drop-page-after=soon"), None);
    }
}
