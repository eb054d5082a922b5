//! What the server is told at its start: flags, then the environment, then a file, then defaults.
//!
//! Reading opens nothing but the file. Every error names the variable, what is wrong with it and
//! what to write instead, and never shows a secret.

mod error;
mod file;
mod folders;
mod print;
mod settings;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

use hfsm_api::PublicView;
use hfsm_core::sources::{ConfiguredAccount, HfCliEnvironment, HfCliPaths, configured_accounts};
use secrecy::SecretString;
use url::Url;

pub use error::ConfigError;
pub use settings::{SETTINGS, Setting, Source};

use folders::{config_home, data_home, home};
use settings::{Layers, switch};

/// The port of this program. The old application listened on 8080; `PORT` still decides.
pub const DEFAULT_PORT: u16 = 8787;

/// The key that the old application's image came with, known to everybody.
const PUBLISHED_API_KEY: &str = "your_api_key_here";

/// Everything that the server is told at its start.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The folder that holds everything that must survive.
    pub data_dir: PathBuf,
    /// The address to listen on.
    pub address: IpAddr,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// Further host names under which it is reached.
    pub hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-*` are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Where TLS is wanted.
    pub tls: Option<TlsFiles>,
    /// The name to sign in with.
    pub user: String,
    /// How signing in is configured.
    pub password: ConfiguredPassword,
    /// The bearer key of programs.
    pub api_key: Option<SecretString>,
    /// What visitors see who did not sign in.
    pub public_view: PublicView,
    /// The accounts that are configured.
    pub accounts: Vec<ConfiguredAccount>,
    /// Where the official command line tool keeps its tokens.
    pub hf_cli: Option<HfCliPaths>,
    /// The Hub.
    pub endpoint: Url,
    /// Where live metrics come from as well.
    pub metrics_endpoint: Url,
    /// Where apps answer, with `{subdomain}`.
    pub app_url: String,
    /// Opens the vault of added tokens.
    pub vault_passphrase: Option<SecretString>,
    /// A file with the key of the vault.
    pub vault_key_file: Option<PathBuf>,
    /// What to log, where it is said.
    pub log: Option<String>,
    /// What a person should know about the configuration, in sentences.
    pub warnings: Vec<String>,
    printed: String,
}

/// The certificate and its key.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// A PEM file with the chain.
    pub certificate: PathBuf,
    /// A PEM file with the private key.
    pub key: PathBuf,
}

/// How the password was configured.
#[derive(Debug, Clone)]
pub enum ConfiguredPassword {
    /// It was not: a one-time link, or a password set in the interface.
    None,
    /// In clear; it is hashed at the start and forgotten.
    Clear(SecretString),
    /// As an argon2id hash in the PHC format.
    Hash(String),
}

impl ServerConfig {
    /// Reads the configuration.
    ///
    /// `flags` are keyed like [`SETTINGS`]; `file` is the configuration file that the command line
    /// names. `environment` is the whole environment, passed in so that a test can have its own.
    ///
    /// # Errors
    /// When a value does not fit, with a message for the person who wrote it.
    pub fn load(
        flags: BTreeMap<&'static str, String>,
        environment: impl IntoIterator<Item = (String, String)>,
        file: Option<PathBuf>,
    ) -> Result<Self, ConfigError> {
        let environment: BTreeMap<String, String> = environment
            .into_iter()
            // An empty variable is how compose files leave one out.
            .filter(|(_, value)| !value.trim().is_empty())
            .collect();
        let mut layers = Layers::default();
        for (key, text) in flags {
            layers.add(key, text, Source::Flag(key.replace('_', "-")));
        }
        for setting in SETTINGS {
            for &name in setting.environment {
                if let Some(value) = environment.get(name) {
                    layers.add(setting.key, value.clone(), Source::Environment(name.to_owned()));
                }
            }
        }
        let named = file.or_else(|| environment.get("HFSM_CONFIG").map(PathBuf::from));
        let usual = || config_home(&environment).map(|dir| dir.join("hfsm.toml"));
        let mut warnings = unknown_variables(&environment);
        if let Some(path) = named.or_else(|| usual().filter(|path| path.is_file())) {
            warnings.extend(file::add_file(&mut layers, &path)?);
        }
        Self::from_layers(&layers, &environment, warnings)
    }

    /// Returns the whole configuration as a TOML document with the source of each value; secrets
    /// are masked.
    pub fn printed(&self) -> &str {
        &self.printed
    }

    /// Returns whether only this machine can connect.
    pub fn is_loopback(&self) -> bool {
        self.address.is_loopback()
    }

    fn from_layers(
        layers: &Layers,
        environment: &BTreeMap<String, String>,
        mut warnings: Vec<String>,
    ) -> Result<Self, ConfigError> {
        let path = |key| layers.text(key).map(PathBuf::from);
        let secret = |key| layers.text(key).map(SecretString::from);
        let configured = configured_accounts(layers.text("accounts"), layers.text("token"));
        warnings.extend(configured.problems.iter().map(ToString::to_string));

        let address = layers
            .read("address", "an IP address, such as 127.0.0.1 or 0.0.0.0", |text| {
                if text == "localhost" {
                    return Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
                }
                text.trim_start_matches('[').trim_end_matches(']').parse().ok()
            })?
            .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let port = layers
            .read("port", "a number from 0 to 65535, such as 8787", |text| text.parse().ok())?
            .unwrap_or(DEFAULT_PORT);
        let hosts = layers
            .read("hosts", "host names with commas between, such as spaces.example.org", |text| {
                text.split(',').map(host_name).collect::<Option<Vec<String>>>()
            })?
            .unwrap_or_default();
        let trusted_proxies = layers
            .read("trusted_proxies", "IP addresses with commas between", |text| {
                text.split(',').map(|part| part.trim().parse().ok()).collect()
            })?
            .unwrap_or_default();
        let tls = match (path("tls_cert"), path("tls_key")) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (None, None) => None,
            (Some(_), None) => {
                return Err(ConfigError::Together(format!(
                    "{} is set but HFSM_TLS_KEY is not; TLS needs both",
                    layers.name("tls_cert")
                )));
            }
            (None, Some(_)) => {
                return Err(ConfigError::Together(format!(
                    "{} is set but HFSM_TLS_CERT is not; TLS needs both",
                    layers.name("tls_key")
                )));
            }
        };

        let password = read_password(layers, &mut warnings)?;
        let api_key = secret("api_key").filter(|_| {
            let published = layers.text("api_key") == Some(PUBLISHED_API_KEY);
            if published {
                warnings.push(format!(
                    "{} is the old image's published placeholder, so no API key is accepted; \
                     choose one, for example with `openssl rand -hex 32`",
                    layers.name("api_key")
                ));
            }
            !published
        });
        let public_view = read_public_view(layers)?;

        let web = "an address that begins with https:// or http://, such as https://huggingface.co";
        let endpoint = layers
            .read("endpoint", web, web_address)?
            .map_or_else(|| default_url("https://huggingface.co"), Ok)?;
        let metrics_endpoint = layers
            .read("metrics_endpoint", web, web_address)?
            .map_or_else(|| default_url("https://api.hf.space"), Ok)?;
        let app_url = layers
            .read(
                "app_url",
                "an address with {subdomain} in it, such as https://{subdomain}.hf.space/",
                |text| {
                    let fits = text.contains("{subdomain}")
                        && web_address(&text.replace("{subdomain}", "x")).is_some();
                    fits.then(|| text.to_owned())
                },
            )?
            .unwrap_or_else(|| "https://{subdomain}.hf.space/".to_owned());

        let config = Self {
            data_dir: match path("data_dir") {
                Some(path) => path,
                None => data_home(environment).ok_or(ConfigError::NoDataDir)?,
            },
            address,
            port,
            hosts,
            trusted_proxies,
            tls,
            user: layers.text("user").unwrap_or("admin").trim().to_owned(),
            password,
            api_key,
            public_view,
            accounts: configured.accounts,
            hf_cli: HfCliPaths::find(&HfCliEnvironment {
                hf_token_path: path("hf_token_path"),
                hf_home: path("hf_home"),
                xdg_cache_home: environment.get("XDG_CACHE_HOME").map(PathBuf::from),
                home: home(environment),
            }),
            endpoint,
            metrics_endpoint,
            app_url,
            vault_passphrase: secret("vault_passphrase"),
            vault_key_file: path("vault_key_file"),
            log: layers.text("log").map(str::to_owned),
            warnings,
            printed: String::new(),
        };
        let printed = print::document(layers, &config);
        Ok(Self { printed, ..config }.with_exposure_warnings())
    }

    fn with_exposure_warnings(mut self) -> Self {
        if !self.is_loopback() {
            let plain = if self.tls.is_none() && self.trusted_proxies.is_empty() {
                " without encryption; set HFSM_TLS_CERT and HFSM_TLS_KEY, or put a proxy with TLS \
                 in front of it"
            } else {
                ""
            };
            self.warnings
                .push(format!("listening on {}: other machines can connect{plain}", self.address));
        }
        if self.public_view == PublicView::AllSpaces {
            self.warnings.push(
                "visitors who did not sign in see private Spaces too (SHOW_PRIVATE)".to_owned(),
            );
        }
        self
    }
}

fn read_password(
    layers: &Layers,
    warnings: &mut Vec<String>,
) -> Result<ConfiguredPassword, ConfigError> {
    let hash = layers.read(
        "password_hash",
        "an argon2id hash that begins with $argon2id$ (`hfsm hash-password` makes one)",
        |text| crate::password::is_hash(text).then(|| text.to_owned()),
    )?;
    if let Some(hash) = hash {
        if layers.get("password").is_some() {
            warnings.push(format!(
                "{} is not used, because {} is set",
                layers.name("password"),
                layers.name("password_hash")
            ));
        }
        return Ok(ConfiguredPassword::Hash(hash));
    }
    let Some(clear) = layers.text("password") else { return Ok(ConfiguredPassword::None) };
    if clear == "password" || clear.chars().count() < 8 {
        warnings.push(format!(
            "{} is easy to guess; choose one of 12 or more characters",
            layers.name("password")
        ));
    }
    Ok(ConfiguredPassword::Clear(clear.into()))
}

fn read_public_view(layers: &Layers) -> Result<PublicView, ConfigError> {
    let wanted = "off, public (public Spaces) or all (private Spaces too)";
    let told =
        layers.read("public_view", wanted, |text| match text.to_ascii_lowercase().as_str() {
            "all" => Some(PublicView::AllSpaces),
            "public" => Some(PublicView::PublicSpaces),
            other => switch(other)
                .map(|on| if on { PublicView::PublicSpaces } else { PublicView::Nothing }),
        })?;
    let show_private = layers.read("show_private", "true or false", switch)?.unwrap_or(false);
    // Somebody who moves here with the old application's variables finds what was there: its
    // visitors saw the public Spaces.
    let as_before = layers.in_environment("accounts", &["HF_USER"])
        && (layers.in_environment("user", &["USER_NAME"])
            || layers.in_environment("password", &["USER_PASSWORD"])
            || layers.in_environment("api_key", &["API_KEY"])
            || layers.in_environment("show_private", &["SHOW_PRIVATE"]));
    Ok(match told {
        Some(PublicView::PublicSpaces) if show_private => PublicView::AllSpaces,
        Some(view) => view,
        None if show_private => PublicView::AllSpaces,
        None if as_before => PublicView::PublicSpaces,
        None => PublicView::Nothing,
    })
}

fn host_name(text: &str) -> Option<String> {
    let host = text.trim().to_ascii_lowercase();
    let plain = !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    plain.then_some(host)
}

fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim_end_matches('/')).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

fn default_url(text: &str) -> Result<Url, ConfigError> {
    Url::parse(text).map_err(|error| ConfigError::Together(error.to_string()))
}

fn unknown_variables(environment: &BTreeMap<String, String>) -> Vec<String> {
    let known = |name: &str| {
        name == "HFSM_CONFIG" || SETTINGS.iter().any(|s| s.environment.contains(&name))
    };
    environment
        .keys()
        .filter(|name| name.starts_with("HFSM_") && !known(name))
        .map(|name| format!("{name} is not a setting of this program and has no effect"))
        .collect()
}

#[cfg(test)]
mod tests;
