use secrecy::ExposeSecret;

use super::*;

fn load(environment: &[(&str, &str)]) -> Result<ServerConfig, ConfigError> {
    load_with(&[], environment, None)
}

fn load_with(
    flags: &[(&'static str, &str)],
    environment: &[(&str, &str)],
    file: Option<&std::path::Path>,
) -> Result<ServerConfig, ConfigError> {
    let mut all = vec![("HOME".to_owned(), "/nonexistent".to_owned())];
    all.extend(environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    let flags = flags.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
    ServerConfig::load(flags, all, file.map(std::path::Path::to_owned))
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn nothing_configured_is_a_closed_server_on_loopback() {
    let config = load(&[]).unwrap();
    assert!(config.is_loopback());
    assert_eq!(config.port, DEFAULT_PORT);
    assert_eq!(config.public_view, PublicView::Nothing);
    assert!(matches!(config.password, ConfiguredPassword::None));
    assert!(config.api_key.is_none() && config.accounts.is_empty() && config.warnings.is_empty());
}

#[test]
fn a_flag_beats_the_environment_and_the_environment_beats_the_file() {
    let file = file("port = 1111\nuser = \"from-file\"\naddress = \"127.0.0.3\"\n");
    let config = load_with(
        &[("port", "3333")],
        &[("HFSM_PORT", "2222"), ("HFSM_USER", "from-env")],
        Some(file.path()),
    )
    .unwrap();
    assert_eq!((config.port, config.user.as_str()), (3333, "from-env"));
    assert_eq!(config.address.to_string(), "127.0.0.3");
    assert!(config.printed().contains("port = 3333"));
    assert!(config.printed().contains("# --port"), "{}", config.printed());
    assert!(config.printed().contains("# HFSM_USER"), "{}", config.printed());
}

#[test]
fn our_own_names_beat_those_of_the_old_application() {
    let config = load(&[("PORT", "8080"), ("HFSM_PORT", "9090")]).unwrap();
    assert_eq!(config.port, 9090);
    assert_eq!(load(&[("PORT", "8080")]).unwrap().port, 8080);
}

#[test]
fn the_old_variables_open_the_public_view_and_stay_on_loopback() {
    let config = load(&[
        ("HF_USER", "alice:hf_a,bob:"),
        ("USER_NAME", "admin"),
        ("USER_PASSWORD", "a long password"),
        ("API_KEY", "key"),
    ])
    .unwrap();
    assert_eq!(config.public_view, PublicView::PublicSpaces);
    assert!(config.is_loopback());
    assert_eq!(config.accounts.len(), 2);
    assert_eq!(config.api_key.unwrap().expose_secret(), "key");
    assert_eq!(load(&[("HF_USER", "alice:hf_a")]).unwrap().public_view, PublicView::Nothing);
}

#[test]
fn private_spaces_are_public_only_with_show_private() {
    let old = [("HF_USER", "alice:hf_a"), ("API_KEY", "key")];
    let with = |value| load(&[old[0], old[1], ("SHOW_PRIVATE", value)]).unwrap().public_view;
    assert_eq!(with("true"), PublicView::AllSpaces);
    assert_eq!(with("false"), PublicView::PublicSpaces);
    let closed = load(&[old[0], old[1], ("HFSM_PUBLIC_VIEW", "off"), ("SHOW_PRIVATE", "true")]);
    assert_eq!(closed.unwrap().public_view, PublicView::Nothing);
}

#[test]
fn the_published_placeholder_is_no_api_key() {
    let config = load(&[("API_KEY", "your_api_key_here")]).unwrap();
    assert!(config.api_key.is_none());
    assert!(config.warnings[0].contains("API_KEY"), "{:?}", config.warnings);
}

#[test]
fn an_error_names_the_variable_its_value_and_what_to_write() {
    for (name, value, wanted) in [
        ("PORT", "abc", "0 to 65535"),
        ("HFSM_PORT", "70000", "0 to 65535"),
        ("HFSM_PORT", "-1", "0 to 65535"),
        ("HFSM_ADDRESS", "everywhere", "an IP address"),
        ("HF_ENDPOINT", "huggingface.co", "https://"),
        ("HFSM_APP_URL", "https://hf.space/", "{subdomain}"),
        ("SHOW_PRIVATE", "perhaps", "true or false"),
        ("HFSM_PUBLIC_VIEW", "some", "off, public"),
        ("HFSM_HOSTS", "a/b", "host names"),
        ("HFSM_TRUSTED_PROXIES", "proxy", "IP addresses"),
    ] {
        let message = load(&[(name, value)]).unwrap_err().to_string();
        assert!(message.contains(name), "{message}");
        assert!(message.contains(value), "{message}");
        assert!(message.contains(wanted), "{message}");
    }
}

#[test]
fn no_secret_is_printed_or_shown_in_an_error_or_debug_text() {
    let secrets = [
        ("HF_USER", "alice:hf_leak1,bob:hf_leak2"),
        ("HF_TOKEN", "hf_leak3"),
        ("USER_PASSWORD", "leak-4-password"),
        ("API_KEY", "leak5"),
        ("HFSM_VAULT_PASSPHRASE", "leak6"),
    ];
    let config = load(&secrets).unwrap();
    for text in [config.printed().to_owned(), format!("{config:?}")] {
        assert!(!text.contains("leak"), "{text}");
    }
    assert!(config.printed().contains("alice:••••,bob:••••"), "{}", config.printed());
    let error = load(&[("HFSM_PASSWORD_HASH", "leak7")]).unwrap_err().to_string();
    assert!(error.contains("HFSM_PASSWORD_HASH") && !error.contains("leak"), "{error}");
    let broken = file("password = \"leak8\nport = 1\n");
    let error = load_with(&[], &[], Some(broken.path())).unwrap_err().to_string();
    assert!(error.contains("line 1") && !error.contains("leak"), "{error}");
}

#[test]
fn the_printed_configuration_can_be_read_back() {
    let config = load(&[("HFSM_PORT", "9"), ("HFSM_HOSTS", "a.example,b.example")]).unwrap();
    let table: toml::Table = config.printed().parse().unwrap();
    assert_eq!(table["port"].as_integer(), Some(9));
    assert_eq!(table["hosts"].as_str(), Some("a.example,b.example"));
}

#[test]
fn a_file_with_an_unknown_key_or_a_wrong_type_is_refused() {
    let unknown = file("prot = 1\n");
    let message = load_with(&[], &[], Some(unknown.path())).unwrap_err().to_string();
    assert!(message.contains("`prot`") && message.contains("port"), "{message}");
    let typed = file("port = { a = 1 }\n");
    let message = load_with(&[], &[], Some(typed.path())).unwrap_err().to_string();
    assert!(message.contains("`port`") && message.contains("table"), "{message}");
    let missing = load_with(&[], &[], Some(std::path::Path::new("/nonexistent/x.toml")));
    assert!(missing.unwrap_err().to_string().contains("/nonexistent/x.toml"));
}

#[cfg(unix)]
#[test]
fn a_file_with_a_secret_that_others_may_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt;
    let file = file("password = \"a long password\"\n");
    let warnings = |mode| {
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        load_with(&[], &[], Some(file.path())).unwrap().warnings
    };
    assert!(warnings(0o644)[0].contains("chmod 600"));
    assert!(warnings(0o600).is_empty());
}

#[test]
fn half_a_tls_configuration_and_a_misspelt_variable_are_noticed() {
    let message = load(&[("HFSM_TLS_CERT", "c.pem")]).unwrap_err().to_string();
    assert!(message.contains("HFSM_TLS_KEY"), "{message}");
    let config = load(&[("HFSM_PROT", "1")]).unwrap();
    assert!(config.warnings[0].contains("HFSM_PROT"));
}

#[test]
fn a_wide_address_and_a_weak_password_are_warned_about() {
    let config = load(&[("HFSM_ADDRESS", "0.0.0.0"), ("USER_PASSWORD", "password")]).unwrap();
    let warnings = config.warnings.join("\n");
    assert!(warnings.contains("0.0.0.0") && warnings.contains("USER_PASSWORD"), "{warnings}");
}
