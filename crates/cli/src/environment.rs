//! The one place that reads the environment; everything else is handed what it needs.

/// Returns every variable. What is not Unicode is read as far as it is.
pub(crate) fn variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .map(|(name, value)| {
            (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
        })
        .collect()
}

/// Returns whether `name` is set to something.
pub(crate) fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}
