//! Names of what is stored. None says whose it is, and each kind of name can be allowed by `~ut:*`.

use ring::digest::{Context, SHA256};

/// `ut:<kind>:` and a digest of `parts`. In braces: what belongs together is on one node of a cluster.
pub(super) fn name(kind: &str, parts: &[&str]) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        // Lengths stand in front, so that no two lists of parts read the same.
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let hex = context.finish().as_ref().iter().fold(String::new(), |hex, byte| {
        // Half of it: names need no more to be apart.
        if hex.len() < 32 { hex + &format!("{byte:02x}") } else { hex }
    });
    format!("ut:{kind}:{{{hex}}}")
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn where_one_part_ends_and_the_next_begins_is_told_apart() {
        assert_eq!(name("t", &["ab", "c"]).len(), "ut:t:{}".len() + 32);
        assert_ne!(name("t", &["ab", "c"]), name("t", &["a", "bc"]));
        assert_ne!(name("t", &["a"]), name("o", &["a"]));
    }
}
