//! The tokens of the official `hf` command line tool: the file `token` holds the active one, the
//! file `stored_tokens` beside it all of them by name.
//!
//! Both are only read, and only when a person asks for it.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// What the environment says about where the files are. An empty value counts as none.
#[derive(Debug, Clone, Default)]
pub struct HfCliEnvironment {
    /// `HF_TOKEN_PATH`: the token file itself.
    pub hf_token_path: Option<PathBuf>,
    /// `HF_HOME`: the folder of both.
    pub hf_home: Option<PathBuf>,
    /// `XDG_CACHE_HOME`.
    pub xdg_cache_home: Option<PathBuf>,
    /// The person's own folder.
    pub home: Option<PathBuf>,
}

/// Where the files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HfCliPaths {
    /// The active token.
    pub token: PathBuf,
    /// All tokens by name.
    pub stored_tokens: PathBuf,
}

/// A token of the tool.
#[derive(Debug, Clone)]
pub struct HfCliToken {
    /// Its name in the tool; `None` for an active token that has none.
    pub name: Option<String>,
    /// The token.
    pub token: SecretString,
    /// Whether it is the one that the tool uses.
    pub active: bool,
    /// When it ends, where the tool knows; it does for tokens of a sign-in through the browser.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Why the files could not be read. A file that is not there is no error.
#[derive(Debug, Error)]
pub enum HfCliError {
    /// The system does not allow it.
    #[error("cannot read {}, a token file of the `hf` tool", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{} is no token file of the `hf` tool: it {detail}", path.display())]
    Strange {
        /// The file.
        path: PathBuf,
        /// What is strange about it.
        detail: &'static str,
    },
}

/// Far above what a thousand tokens need.
const LARGEST: u64 = 1024 * 1024;

impl HfCliPaths {
    /// Finds the files as the tool does; `None` when the environment names no folder at all.
    pub fn find(environment: &HfCliEnvironment) -> Option<Self> {
        let home = given(environment.home.as_deref());
        let expanded = |path: Option<&Path>| given(path).map(|path| expand(path, home));
        let folder = expanded(environment.hf_home.as_deref()).or_else(|| {
            let cache = expanded(environment.xdg_cache_home.as_deref())
                .or_else(|| home.map(|home| home.join(".cache")));
            cache.map(|cache| cache.join("huggingface"))
        });
        let token = expanded(environment.hf_token_path.as_deref())
            .or_else(|| folder.map(|folder| folder.join("token")))?;
        let stored_tokens = token.with_file_name("stored_tokens");
        Some(Self { token, stored_tokens })
    }
}

/// Reads the tool's tokens, each once, in the order of its file; an active one that has no name
/// comes first. A line that makes no sense is passed over.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn hf_cli_tokens(paths: &HfCliPaths) -> Result<Vec<HfCliToken>, HfCliError> {
    let active = read(&paths.token)?.map(|text| SecretString::from(text.trim()));
    let active = active.filter(|token| !token.expose_secret().is_empty());
    if let Some(token) = &active
        && !is_token(token.expose_secret())
    {
        let detail = "holds more than one line of plain text";
        return Err(HfCliError::Strange { path: paths.token.clone(), detail });
    }
    let is_active =
        |token: &str| active.as_ref().is_some_and(|active| active.expose_secret() == token);

    let mut tokens: Vec<HfCliToken> = Vec::new();
    for section in sections(&read(&paths.stored_tokens)?.unwrap_or_default()) {
        let Some(token) = section.value("hf_token").filter(|token| is_token(token)) else {
            continue;
        };
        if tokens.iter().any(|known| known.token.expose_secret() == token) {
            continue;
        }
        tokens.push(HfCliToken {
            name: Some(section.name.to_owned()),
            active: is_active(token),
            token: SecretString::from(token),
            expires_at: section
                .value("expires_at")
                .and_then(|seconds| seconds.parse().ok())
                .and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
        });
    }
    if let Some(token) = active
        && !tokens.iter().any(|known| known.active)
    {
        tokens.insert(0, HfCliToken { name: None, token, active: true, expires_at: None });
    }
    Ok(tokens)
}

struct Section<'a> {
    name: &'a str,
    pairs: Vec<(&'a str, &'a str)>,
}

impl Section<'_> {
    /// Returns the last value of a key; the tool does not mind the case of keys.
    fn value(&self, key: &str) -> Option<&str> {
        let found = self.pairs.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(key));
        found.map(|(_, value)| *value).filter(|value| !value.is_empty())
    }
}

/// Takes an INI text apart as Python's parser without interpolation does, but passes over what that
/// would refuse: a strange line must not hide the tokens beside it.
fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.push(Section { name: name.trim(), pairs: Vec::new() });
        } else if let Some((key, value)) = line.split_once(['=', ':'])
            && let Some(section) = sections.last_mut()
        {
            section.pairs.push((key.trim(), value.trim()));
        }
    }
    sections
}

fn read(path: &Path) -> Result<Option<String>, HfCliError> {
    let failed = |source| HfCliError::Io { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let strange = |detail| HfCliError::Strange { path: path.to_owned(), detail };
    let mut bytes = Vec::new();
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if read as u64 > LARGEST {
        return Err(strange("is far too large"));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| strange("is not plain text"))
}

fn given(path: Option<&Path>) -> Option<&Path> {
    path.filter(|path| !path.as_os_str().is_empty())
}

fn expand(path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

fn is_token(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    fn folder(token: Option<&str>, stored: Option<&str>) -> (tempfile::TempDir, HfCliPaths) {
        let folder = tempfile::tempdir().unwrap();
        let environment =
            HfCliEnvironment { hf_home: Some(folder.path().to_owned()), ..Default::default() };
        let paths = HfCliPaths::find(&environment).unwrap();
        if let Some(token) = token {
            fs::write(&paths.token, token).unwrap();
        }
        if let Some(stored) = stored {
            fs::write(&paths.stored_tokens, stored).unwrap();
        }
        (folder, paths)
    }

    fn plain(tokens: &[HfCliToken]) -> Vec<(Option<&str>, &str, bool)> {
        tokens
            .iter()
            .map(|token| (token.name.as_deref(), token.token.expose_secret(), token.active))
            .collect()
    }

    #[test]
    fn the_files_are_found_as_the_tool_finds_them() {
        let path = |text: &str| Some(PathBuf::from(text));
        let mut environment = HfCliEnvironment { home: path("/home/a"), ..Default::default() };
        let found = |environment: &HfCliEnvironment| {
            HfCliPaths::find(environment).unwrap().token.to_string_lossy().into_owned()
        };
        assert_eq!(found(&environment), "/home/a/.cache/huggingface/token");
        environment.xdg_cache_home = path("/cache");
        assert_eq!(found(&environment), "/cache/huggingface/token");
        environment.hf_home = path("~/hf");
        assert_eq!(found(&environment), "/home/a/hf/token");
        environment.hf_home = path("");
        assert_eq!(found(&environment), "/cache/huggingface/token");
        environment.hf_token_path = path("/run/secrets/hub");
        let paths = HfCliPaths::find(&environment).unwrap();
        assert_eq!(paths.token, Path::new("/run/secrets/hub"));
        assert_eq!(paths.stored_tokens, Path::new("/run/secrets/stored_tokens"));
        assert_eq!(HfCliPaths::find(&HfCliEnvironment::default()), None);
    }

    #[test]
    fn stored_tokens_are_read_and_the_active_one_is_marked() {
        let (_folder, paths) = folder(
            Some("hf_work\n"),
            Some(concat!(
                "[Space-Manager 100%]\nhf_token = hf_50%off%(x)s\n\n",
                "[work]\nHF_Token: hf_work\n",
                "[oauth-alice]\nhf_token = hf_oauth_x\nrefresh_token = r\nexpires_at = 1763812345\n",
            )),
        );
        let tokens = hf_cli_tokens(&paths).unwrap();
        assert_eq!(
            plain(&tokens),
            [
                (Some("Space-Manager 100%"), "hf_50%off%(x)s", false),
                (Some("work"), "hf_work", true),
                (Some("oauth-alice"), "hf_oauth_x", false),
            ]
        );
        assert_eq!(tokens[2].expires_at, DateTime::from_timestamp(1_763_812_345, 0));
        assert_eq!(tokens[0].expires_at, None);
    }

    #[test]
    fn an_active_token_without_a_name_comes_first() {
        let (_folder, paths) = folder(Some("  hf_active \r\n"), Some("[a]\nhf_token=hf_a\n"));
        assert_eq!(
            plain(&hf_cli_tokens(&paths).unwrap()),
            [(None, "hf_active", true), (Some("a"), "hf_a", false)]
        );
        let (_folder, paths) = folder(Some("hf_active"), None);
        assert_eq!(plain(&hf_cli_tokens(&paths).unwrap()), [(None, "hf_active", true)]);
    }

    #[test]
    fn no_files_and_empty_files_are_no_tokens() {
        let (_folder, paths) = folder(None, None);
        assert!(hf_cli_tokens(&paths).unwrap().is_empty());
        let (_folder, paths) = folder(Some("\n"), Some("[a]\nhf_token =\n[b]\n"));
        assert!(hf_cli_tokens(&paths).unwrap().is_empty());
    }

    #[test]
    fn strange_lines_do_not_hide_the_tokens_beside_them() {
        let (_folder, paths) = folder(
            None,
            Some(concat!(
                "\u{feff}hf_token = hf_before_any_section\n# [comment]\r\n",
                "[a]\r\nno delimiter\r\nhf_token = hf_a\r\nexpires_at = soon\r\n",
                "[unclosed\n[b]\nhf_token = hf_b\n; hf_token = hf_comment\n",
                "[a again]\nhf_token = hf_a\n[c]\nhf_token = two words\n",
            )),
        );
        assert_eq!(
            plain(&hf_cli_tokens(&paths).unwrap()),
            [(Some("a"), "hf_a", false), (Some("b"), "hf_b", false)]
        );
    }

    #[test]
    fn a_file_that_is_something_else_is_told_without_its_content() {
        let (_folder, paths) = folder(Some("hf_one\nhf_two"), None);
        let error = hf_cli_tokens(&paths).unwrap_err();
        assert!(matches!(error, HfCliError::Strange { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("hf_one"));

        let (_folder, paths) = folder(None, None);
        fs::write(&paths.stored_tokens, [0xff, 0xfe]).unwrap();
        assert!(hf_cli_tokens(&paths).unwrap_err().to_string().contains("not plain text"));
        fs::write(&paths.stored_tokens, vec![b'#'; LARGEST as usize + 1]).unwrap();
        assert!(hf_cli_tokens(&paths).unwrap_err().to_string().contains("too large"));
        fs::remove_file(&paths.stored_tokens).unwrap();
        fs::create_dir(&paths.stored_tokens).unwrap();
        let error = hf_cli_tokens(&paths).unwrap_err();
        assert!(matches!(error, HfCliError::Io { .. }), "{error}");
    }

    #[test]
    fn a_token_is_not_printed() {
        let (_folder, paths) =
            folder(Some("hf_active_secret"), Some("[a]\nhf_token=hf_a_secret\n"));
        assert!(!format!("{:?}", hf_cli_tokens(&paths).unwrap()).contains("secret\""));
        assert!(!format!("{:?}", hf_cli_tokens(&paths).unwrap()).contains("hf_a"));
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart_without_a_panic(text in "(\\[[a-z]*\\]?|hf_token|=|:|[ \\n#;%]|.){0,60}") {
            for section in sections(&text) {
                prop_assert!(!section.name.contains('\n'));
            }
        }
    }
}
