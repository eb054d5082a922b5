//! TLS by rustls with ring, checked against the system's roots.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};
use rustls_platform_verifier::Verifier;

use crate::Error;

/// Makes the TLS configuration that all connections share, so that the roots are read once.
///
/// A machine without roots is an error only when TLS is `needed`: the simulated Hub on this
/// machine works without.
pub(crate) fn config(extra_roots: &[Vec<u8>], needed: bool) -> Result<ClientConfig, Error> {
    // A provider that is installed already is as good: it was chosen by the program.
    drop(ring::default_provider().install_default());
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Setup(format!("TLS: {error}")))?;
    let verifier = if extra_roots.is_empty() {
        Verifier::new(provider)
    } else {
        let roots = extra_roots.iter().map(|root| CertificateDer::from(root.clone()));
        Verifier::new_with_extra_roots(roots, provider)
    };
    let mut config = match verifier {
        Ok(verifier) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth(),
        Err(_) if !needed => {
            builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
        }
        Err(error) => {
            return Err(Error::Setup(format!(
                "the system's certificates cannot be read ({error}); install them (on Debian the \
                 package ca-certificates)"
            )));
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
