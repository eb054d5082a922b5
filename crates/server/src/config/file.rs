//! The configuration file: TOML, one flat table whose keys are those of the settings.

use std::path::Path;

use super::{
    ConfigError,
    settings::{Layers, SETTINGS, Source},
};

/// Adds what the file at `path` says. Returns what a person should know about the file.
pub(super) fn add_file(layers: &mut Layers, path: &Path) -> Result<Option<String>, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::FileUnreadable { path: path.to_owned(), source })?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
        ConfigError::FileSyntax {
            path: path.to_owned(),
            line,
            // The parser's own rendering quotes the line, which may hold a secret.
            detail: error.message().to_owned(),
        }
    })?;
    let mut holds_secret = false;
    for (key, value) in table {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
            return Err(ConfigError::FileKey {
                path: path.to_owned(),
                key,
                known: SETTINGS.iter().map(|s| s.key).collect::<Vec<_>>().join(", "),
            });
        };
        let text = as_text(&value).ok_or_else(|| ConfigError::Value {
            name: format!("`{key}` in {}", path.display()),
            value: value.type_str().to_owned(),
            wanted: "a text, a number, true or false, or a list of texts",
        })?;
        holds_secret |= setting.secret;
        layers.add(setting.key, text, Source::File(path.to_owned()));
    }
    Ok((holds_secret && others_may_read(path)).then(|| {
        format!("{0} holds a secret and others may read it; `chmod 600 {0}`", path.display())
    }))
}

#[cfg(unix)]
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_path: &Path) -> bool {
    false
}

fn as_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(switch) => Some(switch.to_string()),
        toml::Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            texts.map(|texts| texts.join(","))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}
