//! Passes (JWTs) that open one Space for a while.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::dice;

/// What a pass says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pass {
    pub(crate) space: String,
    pub(crate) sub: String,
    pub(crate) write: bool,
    pub(crate) exp: i64,
}

impl Pass {
    pub(crate) fn caller(self) -> Caller {
        Caller::Pass { space: self.space, user: self.sub, write: self.write }
    }
}

/// Writes `pass` as a JWT. The signature keeps honest clients honest; it is no cryptography.
pub(crate) fn issue(seed: u64, pass: &Pass) -> String {
    let head = URL_SAFE_NO_PAD.encode(br#"{"alg":"EdDSA","typ":"JWT"}"#);
    let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(pass).unwrap_or_default());
    let signature = signature(seed, &body);
    format!("{head}.{body}.{signature}")
}

/// Reads a JWT that [`issue`] wrote.
pub(crate) fn read(seed: u64, token: &str) -> Option<Pass> {
    let mut parts = token.strip_prefix("hf_jwt_").unwrap_or(token).split('.');
    let (_, body, signed) = (parts.next()?, parts.next()?, parts.next()?);
    if signed != signature(seed, body) {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
}

fn signature(seed: u64, body: &str) -> String {
    URL_SAFE_NO_PAD.encode(dice::hash(seed ^ 0x5e6d, body).to_be_bytes())
}
