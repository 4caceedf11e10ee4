//! SHA-1 (FIPS 180-4, section 6.1), because VOD's signature is made with it.
//!
//! Written out: the rounds of the smallest crate are unrolled, which is 3 kB in a module that signs a few
//! hundred bytes now and then. Nothing here depends on SHA-1 being strong, and no input is untrusted.

/// Bytes that one round of rounds takes.
pub(super) const BLOCK: usize = 64;

/// The digest of `parts`, one after the other.
pub(super) fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    let mut message = parts.concat();
    let bits = message.len() as u64 * 8;
    message.push(0x80);
    while message.len() % BLOCK != BLOCK - 8 {
        message.push(0);
    }
    message.extend(bits.to_be_bytes());

    let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in message.chunks_exact(BLOCK) {
        mix(&mut state, block);
    }
    let mut digest = [0; 20];
    let bytes = state.iter().flat_map(|word: &u32| word.to_be_bytes());
    digest.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
    digest
}

fn mix(state: &mut [u32; 5], block: &[u8]) {
    // The sixteen words that the coming rounds are made of, the next one first.
    let mut words = [0_u32; 16];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
    }
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for round in 0..80 {
        let (choice, constant) = match round {
            0..20 => (b & c | !b & d, 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => (b & c | b & d | c & d, 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6),
        };
        let sum = [a.rotate_left(5), choice, e, constant, words[0]]
            .into_iter()
            .fold(0, u32::wrapping_add);
        (a, b, c, d, e) = (sum, a, b.rotate_left(30), c, d);
        let later = (words[0] ^ words[2] ^ words[8] ^ words[13]).rotate_left(1);
        words.copy_within(1.., 0);
        words[15] = later;
    }
    for (word, mixed) in state.iter_mut().zip([a, b, c, d, e]) {
        *word = word.wrapping_add(mixed);
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;
    use sha1::{Digest, Sha1};

    use super::*;

    fn hex(message: &[u8]) -> String {
        sha1(&[message]).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Source: RFC 3174, section 7.3, and the examples of FIPS 180-4.
    #[test]
    fn the_standards_own_examples() {
        for (message, digest) in [
            (&b""[..], "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            (b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            ),
            (&[b'a'; 1_000_000], "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
        ] {
            assert_eq!(hex(message), digest);
        }
    }

    proptest! {
        /// Of any length, and so with any padding.
        #[test]
        fn any_message_has_the_digest_that_another_implementation_gives(
            message in proptest::collection::vec(any::<u8>(), 0..300),
            cut in 0_usize..300,
        ) {
            let expected: [u8; 20] = Sha1::digest(&message).into();
            prop_assert_eq!(sha1(&[&message]), expected);
            let (start, end) = message.split_at(cut.min(message.len()));
            prop_assert_eq!(sha1(&[start, end]), expected, "in two parts");
        }
    }
}
