//! The encryption of the vault file: XChaCha20-Poly1305 under a key of 32 random bytes, or of a
//! passphrase by Argon2id.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Deserialize, Serialize};

use super::VaultError;

const NONCE: usize = 24;
const SALT: usize = 16;

/// How long a key is.
pub(super) const KEY: usize = 32;

/// A key of the vault. It is wiped from memory when dropped, and never printed.
#[derive(Debug)]
pub(super) struct Key(SecretBox<[u8; KEY]>);

/// How a key is made from a passphrase. Written into the file, so that a later version may choose
/// greater costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Derivation {
    algorithm: String,
    salt: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// What guessing a passphrase costs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
}

impl Cost {
    /// About 50 ms on a machine of 2026: it is paid once at each start.
    pub(super) const DEFAULT: Self = Self { memory_kib: 46 * 1024, passes: 2 };
}

/// An encrypted text and its nonce.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sealed {
    nonce: String,
    data: String,
}

impl Key {
    /// Takes the bytes of a key file.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; KEY] = bytes.try_into().ok()?;
        Some(Self(SecretBox::new(Box::new(bytes))))
    }

    /// Makes a key that nobody can guess.
    pub(super) fn random() -> Result<Self, VaultError> {
        Ok(Self(SecretBox::new(Box::new(random_bytes()?))))
    }

    /// Returns the bytes, to write them into a key file.
    pub(super) fn bytes(&self) -> &[u8; KEY] {
        self.0.expose_secret()
    }

    /// Encrypts `text`, bound to `context`: it opens in no other.
    pub(super) fn seal(&self, text: &SecretString, context: &str) -> Result<Sealed, VaultError> {
        let nonce: [u8; NONCE] = random_bytes()?;
        let payload = Payload { msg: text.expose_secret().as_bytes(), aad: context.as_bytes() };
        #[expect(clippy::expect_used, reason = "fails for a text of 256 GiB only")]
        let data = self.cipher().encrypt(XNonce::from_slice(&nonce), payload).expect("short text");
        Ok(Sealed { nonce: STANDARD.encode(nonce), data: STANDARD.encode(data) })
    }

    /// Decrypts what was sealed with this key in the same context; `None` when it was not, or was
    /// changed since.
    pub(super) fn open(&self, sealed: &Sealed, context: &str) -> Option<SecretString> {
        let nonce: [u8; NONCE] = STANDARD.decode(&sealed.nonce).ok()?.try_into().ok()?;
        let data = STANDARD.decode(&sealed.data).ok()?;
        let payload = Payload { msg: &data, aad: context.as_bytes() };
        let text = self.cipher().decrypt(XNonce::from_slice(&nonce), payload).ok()?;
        String::from_utf8(text).ok().map(SecretString::from)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.0.expose_secret().into())
    }
}

impl Derivation {
    /// Chooses a new salt.
    pub(super) fn new(cost: Cost) -> Result<Self, VaultError> {
        let salt: [u8; SALT] = random_bytes()?;
        Ok(Self {
            algorithm: "argon2id".to_owned(),
            salt: STANDARD.encode(salt),
            memory_kib: cost.memory_kib,
            passes: cost.passes,
            lanes: 1,
        })
    }

    /// Makes the key. Takes a while, by intention.
    ///
    /// # Errors
    /// What is wrong with the numbers in the file; a file must not make this program use all
    /// memory there is.
    pub(super) fn key(&self, passphrase: &SecretString) -> Result<Key, String> {
        if self.algorithm != "argon2id" {
            return Err("it names a way to make its key that is not known here".to_owned());
        }
        if self.memory_kib > 1024 * 1024 || self.passes > 64 || self.lanes > 16 {
            return Err("making its key would cost more than any version asks for".to_owned());
        }
        let salt = STANDARD.decode(&self.salt).map_err(|error| format!("its salt: {error}"))?;
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(KEY))
            .map_err(|error| format!("the costs of its key: {error}"))?;
        let mut key = Box::new([0; KEY]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose_secret().as_bytes(), &salt, &mut *key)
            .map_err(|error| format!("its key cannot be made: {error}"))?;
        Ok(Key(SecretBox::new(key)))
    }
}

fn random_bytes<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(VaultError::NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_comes_back_in_its_context_and_in_no_other(text in ".*", context in "[a-z]{1,9}") {
            let key = Key::random().unwrap();
            let sealed = key.seal(&SecretString::from(text.clone()), &context).unwrap();
            let opened = key.open(&sealed, &context).unwrap();
            prop_assert_eq!(opened.expose_secret(), text.as_str());
            let elsewhere = format!("{context}x");
            prop_assert!(key.open(&sealed, &elsewhere).is_none());
            prop_assert!(Key::random().unwrap().open(&sealed, &context).is_none());
        }

        #[test]
        fn a_single_changed_bit_is_noticed(at in 0_usize..36, bit in 0_u8..8) {
            let key = Key::random().unwrap();
            let mut sealed = key.seal(&SecretString::from("hf_twenty_characters"), "alice").unwrap();
            let mut data = STANDARD.decode(&sealed.data).unwrap();
            prop_assert_eq!(data.len(), 36);
            data[at] ^= 1 << bit;
            sealed.data = STANDARD.encode(data);
            prop_assert!(key.open(&sealed, "alice").is_none());
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_the_same_way_twice() {
        let key = Key::random().unwrap();
        let text = SecretString::from("hf_token");
        assert_ne!(key.seal(&text, "alice").unwrap(), key.seal(&text, "alice").unwrap());
    }

    #[test]
    fn the_key_of_a_passphrase_is_the_one_that_the_reference_implementation_makes() {
        // `echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1 -l 32`, from the test vectors
        // of the reference implementation.
        let derivation = Derivation {
            algorithm: "argon2id".to_owned(),
            salt: STANDARD.encode("somesalt"),
            memory_kib: 65536,
            passes: 2,
            lanes: 1,
        };
        let key = derivation.key(&SecretString::from("password")).unwrap();
        let hex: String = key.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
    }

    #[test]
    fn a_file_cannot_ask_for_all_memory_there_is() {
        let mut derivation = Derivation::new(Cost { memory_kib: 64, passes: 1 }).unwrap();
        derivation.memory_kib = u32::MAX;
        assert!(derivation.key(&SecretString::from("x")).unwrap_err().contains("cost more"));
    }

    #[test]
    fn a_key_is_not_printed() {
        let key = Key::from_bytes(&[0xab; KEY]).unwrap();
        let printed = format!("{key:?}");
        assert!(!printed.contains("171") && !printed.contains("ab, "), "{printed}");
    }
}
