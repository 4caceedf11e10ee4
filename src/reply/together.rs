//! Errors that were thrown together.

use crate::error::{Class, Error};

/// What errors say that were thrown together, as `Promise.any` rejects with the failures of all mirrors: `None` stands
/// for one that tells of no answer.
///
/// Any of them would have been enough: what a server says of its user counts, and what is final only if all are.
#[must_use]
pub fn read_together(each: Vec<Option<Error>>) -> Option<Error> {
    let said = || each.iter().flatten();
    let of = |class: &[Class]| said().find(|error| class.contains(&error.class()));
    let last = || said().next().filter(|_| each.iter().all(Option::is_some));
    of(&[Class::Auth]).or_else(|| of(&[Class::Throttle, Class::Transient])).or_else(last).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Answered;

    #[test]
    fn of_errors_that_are_thrown_together_what_may_help_counts() {
        let of = |status: u16| Some(Error::Http(Answered::status(status)));
        let auth = || Some(Error::Unauthenticated(Answered::status(401)));
        let answered = Answered::status(429);
        let often = || Some(Error::Throttled { answered: answered.clone(), retry_after: None });
        for (each, expected) in [
            (vec![], None),
            (vec![None, None], None),
            (vec![None, auth()], auth()),
            (vec![of(503), auth()], auth()),
            (vec![None, often()], often()),
            (vec![of(404), of(503)], of(503)),
            (vec![None, of(503)], of(503)),
            // The other may be back in a second.
            (vec![of(404), None], None),
            (vec![of(404), of(410)], of(404)),
        ] {
            assert_eq!(read_together(each.clone()), expected, "{each:?}");
        }
    }
}
