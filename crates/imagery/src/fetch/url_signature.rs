//! Signatures of addresses, as Google Maps Platform wants them.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::secret::Secret;

/// Signs path and query with HMAC-SHA1 (Google, "Digital Signature Guide").
#[derive(Clone)]
pub(crate) struct UrlSigner(Hmac<Sha1>);

impl UrlSigner {
    /// `None` for a secret that is not url-safe base64.
    pub(crate) fn new(secret: &Secret) -> Option<Self> {
        let config =
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let key = GeneralPurpose::new(&base64::alphabet::URL_SAFE, config)
            .decode(secret.reveal())
            .ok()?;
        Hmac::new_from_slice(&key).ok().map(Self)
    }

    /// The signature of a path with its query; padding is kept.
    pub(crate) fn sign(&self, path_and_query: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(path_and_query.as_bytes());
        URL_SAFE.encode(mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_googles_guide() {
        let signer = UrlSigner::new(&Secret::new("vNIXE0xscrmjlyV-12Nj_BvUPaw=")).unwrap();
        let signature = signer.sign("/maps/api/geocode/json?address=New+York&client=clientID");
        assert_eq!(signature, "chaRF2hTJKOScPr-RQCEhZbSzIE=");
    }

    #[test]
    fn a_secret_in_another_alphabet_is_refused() {
        assert!(UrlSigner::new(&Secret::new("a+b/")).is_none());
    }
}
