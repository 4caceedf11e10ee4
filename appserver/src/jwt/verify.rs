//! Verifying signatures with `ring`, which is here for TLS anyway: the crates that `jsonwebtoken` would bring along build
//! for longer than all of this server.

use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils},
    errors::{Error, ErrorKind},
    signature::{self, Verifier},
};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

/// For the whole process; once it is there, nothing changes it.
pub(super) fn install() {
    static RING: CryptoProvider = CryptoProvider {
        signer_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        verifier_factory: |algorithm, key| {
            let verifier = RingVerifier::new(*algorithm, key)?;
            Ok(Box::new(verifier))
        },
        // Asked about private keys only.
        key_utils: KeyUtils::new_unimplemented(),
    };
    // Another server of this process may have done so.
    let _ = RING.install_default();
}

struct RingVerifier {
    algorithm: Algorithm,
    with: With,
    key: DecodingKey,
}

#[derive(Clone, Copy)]
enum With {
    Rsa(&'static RsaParameters),
    Other(&'static dyn VerificationAlgorithm),
}

impl RingVerifier {
    fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<Self, Error> {
        let with = match algorithm {
            Algorithm::RS256 => With::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            Algorithm::RS384 => With::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            Algorithm::RS512 => With::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            Algorithm::PS256 => With::Rsa(&RSA_PSS_2048_8192_SHA256),
            Algorithm::PS384 => With::Rsa(&RSA_PSS_2048_8192_SHA384),
            Algorithm::PS512 => With::Rsa(&RSA_PSS_2048_8192_SHA512),
            Algorithm::ES256 => With::Other(&ECDSA_P256_SHA256_FIXED),
            Algorithm::ES384 => With::Other(&ECDSA_P384_SHA384_FIXED),
            Algorithm::EdDSA => With::Other(&ED25519),
            _ => return Err(ErrorKind::InvalidAlgorithm.into()),
        };
        // A public key that is used as a shared secret would let everybody sign.
        if key.family().algorithms().contains(&algorithm) {
            Ok(Self { algorithm, with, key: key.clone() })
        } else {
            Err(ErrorKind::InvalidAlgorithm.into())
        }
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let verified = match (self.with, self.key.kind()) {
            (With::Rsa(with), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(with, message, signature)
            }
            (With::Other(with), DecodingKeyKind::SecretOrDer(key)) => {
                UnparsedPublicKey::new(with, key).verify(message, signature)
            }
            _ => return Err(signature::Error::new()),
        };
        verified.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
