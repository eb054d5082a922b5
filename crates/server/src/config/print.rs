//! The configuration as a document for people: valid TOML, each line with its source.

use std::fmt::Write as _;

use hfsm_api::PublicView;

use super::{
    ConfiguredPassword, ServerConfig,
    settings::{Layers, SETTINGS, Source, shown},
};

pub(super) fn document(layers: &Layers, config: &ServerConfig) -> String {
    let mut lines = Vec::with_capacity(SETTINGS.len());
    for setting in SETTINGS {
        let (value, source) = match layers.get(setting.key) {
            Some(given) => (Some(shown(setting.key, given.text.trim())), given.source.clone()),
            None => (default(setting.key, config), Source::Default),
        };
        let line = match value {
            Some(value) if is_bare(setting.key, &value) => format!("{} = {value}", setting.key),
            Some(value) => format!("{} = {}", setting.key, toml::Value::String(value)),
            None => format!("# {} is not set", setting.key),
        };
        lines.push((line, source, setting.about));
    }
    let width = lines.iter().map(|(line, ..)| line.chars().count()).max().unwrap_or(0).min(56);
    let mut document = String::new();
    for (line, source, about) in lines {
        let _ = writeln!(document, "{line:<width$}  # {source}: {about}");
    }
    document
}

fn default(key: &str, config: &ServerConfig) -> Option<String> {
    match key {
        "data_dir" => Some(config.data_dir.display().to_string()),
        "address" => Some(config.address.to_string()),
        "port" => Some(config.port.to_string()),
        "user" if !matches!(config.password, ConfiguredPassword::None) => Some(config.user.clone()),
        "public_view" => Some(
            match config.public_view {
                PublicView::Nothing => "off",
                PublicView::PublicSpaces => "public",
                PublicView::AllSpaces => "all",
            }
            .to_owned(),
        ),
        "hf_token_path" => config.hf_cli.as_ref().map(|cli| cli.token.display().to_string()),
        "endpoint" => Some(config.endpoint.as_str().trim_end_matches('/').to_owned()),
        "metrics_endpoint" => {
            Some(config.metrics_endpoint.as_str().trim_end_matches('/').to_owned())
        }
        "app_url" => Some(config.app_url.clone()),
        _ => None,
    }
}

fn is_bare(key: &str, value: &str) -> bool {
    key == "port" && value.parse::<u16>().is_ok()
}
