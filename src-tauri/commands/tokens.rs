//! Where tokens are kept.

use tauri::State;

use super::Refusal;
use crate::{
    desktop::Desktop,
    keychain::{MoveError, TokenStore},
    preferences::TokenStoreKind,
    words,
};

/// Tells where tokens are kept.
#[tauri::command]
pub(crate) async fn token_store(desktop: State<'_, Desktop>) -> Result<TokenStore, Refusal> {
    let lasting = desktop.lasting().ok_or_else(|| Refusal::in_the_demo(&desktop))?;
    Ok(lasting.tokens.state(desktop.config(), lasting, desktop.language()).await)
}

/// Moves all tokens to the other store, or chooses the first one.
#[tauri::command]
pub(crate) async fn move_tokens(
    to: TokenStoreKind,
    desktop: State<'_, Desktop>,
) -> Result<TokenStore, Refusal> {
    let language = desktop.language();
    let lasting = desktop.lasting().ok_or_else(|| Refusal::in_the_demo(&desktop))?;
    lasting.tokens.move_to(to, desktop.config(), lasting).await.map_err(|error| {
        tracing::warn!("the tokens stay where they are: {error}");
        let why = match &error {
            MoveError::Vault(error) | MoveError::Fleet(hfsm_core::Error::Vault(error)) => {
                words::vault_trouble(language, error)
            }
            error => words::sentence(&error.to_string()),
        };
        Refusal::new("tokens_not_moved", why)
    })?;
    Ok(lasting.tokens.state(desktop.config(), lasting, language).await)
}
