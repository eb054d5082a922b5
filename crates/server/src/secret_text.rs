//! Random texts that open something, and the hashes under which they are kept.

use hfsm_store::SessionHash;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::Error;

/// Returns `bytes` random bytes as hexadecimal text.
pub(crate) fn random_text(bytes: usize) -> Result<String, Error> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|error| Error::Random(error.to_string()))?;
    Ok(hex::encode(random))
}

/// Returns the hash under which a text is kept.
pub(crate) fn fingerprint(text: &str) -> SessionHash {
    Sha256::digest(text.as_bytes()).into()
}

/// Compares without telling by the time it takes where two texts differ, or how long they are.
pub(crate) fn same(a: &str, b: &str) -> bool {
    fingerprint(a).ct_eq(&fingerprint(b)).into()
}
