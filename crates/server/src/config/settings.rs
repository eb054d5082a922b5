//! The one list of settings, and the layers that give them their values.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use super::ConfigError;

/// One thing that can be configured.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its key in the configuration file.
    pub key: &'static str,
    /// Its names in the environment; an earlier one wins. Names without `HFSM_` are those of the
    /// official tools and of the old application.
    pub environment: &'static [&'static str],
    /// Whether its value must never be shown.
    pub secret: bool,
    /// What it is for, in one line.
    pub about: &'static str,
}

const fn plain(
    key: &'static str,
    environment: &'static [&'static str],
    about: &'static str,
) -> Setting {
    Setting { key, environment, secret: false, about }
}

const fn secret(
    key: &'static str,
    environment: &'static [&'static str],
    about: &'static str,
) -> Setting {
    Setting { key, environment, secret: true, about }
}

/// Every setting. The command line, the environment, the file and `--print-config` all follow it.
pub const SETTINGS: &[Setting] = &[
    plain("data_dir", &["HFSM_DATA_DIR"], "the folder that holds everything that must survive"),
    plain("address", &["HFSM_ADDRESS"], "the address to listen on; loopback unless widened"),
    plain("port", &["HFSM_PORT", "PORT"], "the port to listen on; 0 takes a free one"),
    plain("hosts", &["HFSM_HOSTS"], "further host names under which it is reached"),
    plain("trusted_proxies", &["HFSM_TRUSTED_PROXIES"], "proxies whose X-Forwarded-* are believed"),
    plain("tls_cert", &["HFSM_TLS_CERT"], "a PEM file with the certificate chain"),
    plain("tls_key", &["HFSM_TLS_KEY"], "a PEM file with the private key"),
    plain("user", &["HFSM_USER", "USER_NAME"], "the name to sign in with"),
    secret("password", &["HFSM_PASSWORD", "USER_PASSWORD"], "the password to sign in with"),
    secret("password_hash", &["HFSM_PASSWORD_HASH"], "the same as an argon2id hash"),
    secret("api_key", &["HFSM_API_KEY", "API_KEY"], "the bearer key of programs"),
    plain("public_view", &["HFSM_PUBLIC_VIEW"], "what visitors see: off, public or all"),
    plain("show_private", &["HFSM_SHOW_PRIVATE", "SHOW_PRIVATE"], "visitors see private Spaces"),
    secret("accounts", &["HF_USER"], "accounts as user:token,user:token,user:"),
    secret("token", &["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"], "one more token"),
    plain("hf_home", &["HF_HOME"], "the folder of the official command line tool"),
    plain("hf_token_path", &["HF_TOKEN_PATH"], "the token file of the official tool"),
    plain("endpoint", &["HF_ENDPOINT"], "the Hub"),
    plain("metrics_endpoint", &["HFSM_METRICS_ENDPOINT"], "where live metrics come from as well"),
    plain("app_url", &["HFSM_APP_URL"], "where apps answer, with {subdomain}"),
    secret("vault_passphrase", &["HFSM_VAULT_PASSPHRASE"], "opens the vault of added tokens"),
    plain("vault_key_file", &["HFSM_VAULT_KEY_FILE"], "a file with the key of the vault"),
    plain("log", &["HFSM_LOG"], "what to log, such as info or hfsm_core=debug"),
];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The command line.
    Flag(String),
    /// A variable of the environment.
    Environment(String),
    /// The configuration file.
    File(PathBuf),
    /// Nobody gave one.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "--{flag}"),
            Self::Environment(name) => f.write_str(name),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value with its source.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) text: String,
    pub(super) source: Source,
}

/// The values of all layers, the strongest one of each setting.
#[derive(Default)]
pub(super) struct Layers(BTreeMap<&'static str, Given>);

impl Layers {
    /// Adds a weaker layer: what is there already stays.
    pub(super) fn add(&mut self, key: &'static str, text: String, source: Source) {
        self.0.entry(key).or_insert(Given { text, source });
    }

    pub(super) fn get(&self, key: &str) -> Option<&Given> {
        self.0.get(key)
    }

    /// Returns whether `key` was given under one of `names` in the environment.
    pub(super) fn in_environment(&self, key: &str, names: &[&str]) -> bool {
        self.get(key).is_some_and(|given| {
            matches!(&given.source, Source::Environment(name) if names.contains(&name.as_str()))
        })
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).map(|given| given.text.as_str())
    }

    /// Reads a value with `parse`, and says what to write instead when it does not fit.
    pub(super) fn read<T>(
        &self,
        key: &'static str,
        wanted: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(given) = self.get(key) else { return Ok(None) };
        match parse(given.text.trim()) {
            Some(value) => Ok(Some(value)),
            None => Err(ConfigError::Value {
                name: self.name(key),
                value: shown(key, &given.text),
                wanted,
            }),
        }
    }

    /// Returns the name under which a person gave a setting.
    pub(super) fn name(&self, key: &str) -> String {
        match self.get(key).map(|given| &given.source) {
            Some(Source::File(path)) => format!("`{key}` in {}", path.display()),
            Some(source @ (Source::Flag(_) | Source::Environment(_))) => source.to_string(),
            Some(Source::Default) | None => format!("`{key}`"),
        }
    }
}

/// Returns a value as it may be shown.
pub(super) fn shown(key: &str, text: &str) -> String {
    let is_secret = SETTINGS.iter().any(|setting| setting.key == key && setting.secret);
    if !is_secret {
        return text.chars().take(80).collect();
    }
    if key == "accounts" {
        let entry = |entry: &str| match entry.split_once(':') {
            Some((user, token)) if !token.trim().is_empty() => format!("{}:••••", user.trim()),
            Some((user, _)) => format!("{}:", user.trim()),
            // Without a colon it may just as well be a token that somebody forgot to name.
            None if entry.trim().starts_with("hf_") => "••••".to_owned(),
            None => entry.trim().to_owned(),
        };
        return text.split(',').map(entry).collect::<Vec<_>>().join(",");
    }
    "••••••••".to_owned()
}

/// Reads a switch.
pub(super) fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}
