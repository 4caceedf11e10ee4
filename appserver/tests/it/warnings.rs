//! What is no mistake in a configuration, and may surprise.

use crate::config::{STORE, STORE_KEYS, read};

/// Nothing to warn of: one endpoint, and a proxy that must know a secret.
const CAREFUL: [(&str, &str); 2] = [
    ("UPLOAD_TOKEN_ENDPOINTS", "upload-auth"),
    ("UPLOAD_TOKEN_PROXY_SECRET", "CANARY-proxy-0123456789abcdef0123"),
];

fn warned(flags: &[&str], variables: &[(&str, &str)]) -> Vec<&'static str> {
    read(flags, variables).unwrap().warnings
}

#[test]
fn listening_beyond_this_machine_is_warned_of() {
    assert!(warned(&[], &CAREFUL).is_empty());
    assert_eq!(warned(&["--listen", "0.0.0.0:0"], &CAREFUL).len(), 1);
    assert!(warned(&["--listen", "unix:/tmp/x.sock"], &CAREFUL).is_empty());
}

#[test]
fn a_proxy_that_need_know_no_secret_is_warned_of_but_at_a_socket() {
    let open = [CAREFUL[0]];
    let said = warned(&[], &open);
    assert!(matches!(said[..], [only] if only.contains("UPLOAD_TOKEN_PROXY_SECRET")), "{said:?}");
    assert!(warned(&["--listen", "unix:/tmp/x.sock"], &open).is_empty());
}

#[test]
fn two_endpoints_of_which_one_undoes_what_the_other_protects_are_warned_of() {
    let said = warned(&[], &[CAREFUL[1]]);
    assert!(matches!(said[..], [only] if only.contains("upload-auth")), "{said:?}");
    assert!(warned(&[], &[CAREFUL[1], ("UPLOAD_TOKEN_ENDPOINTS", "sts")]).is_empty());
}

#[test]
fn a_store_that_is_spoken_to_in_plain_text_is_warned_of() {
    let with = |flags, store: &[_]| warned(flags, &[&CAREFUL[..], store].concat());
    assert!(with(&[], &[STORE, STORE_KEYS]).is_empty());
    let open = with(&["--store", "redis://10.0.0.7"], &[STORE_KEYS]);
    assert!(matches!(open[..], [only] if only.contains("plain text")), "{open:?}");
}
