//! What the platform throws: for a mistake in the page's code, for an answer that it could not read, or because nothing
//! answered.

/// What an error of the platform is about, if it is not about a connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// The page's code has a mistake in it: in the platform's words, if these quote nothing but names.
    Mistake(Option<String>),
    /// The same, but that it reads a member of `undefined` or `null`, which may be an answer without data.
    Absent(Option<String>),
    /// What was answered could not be parsed.
    Unreadable,
}

/// What `fetch` says where nothing answered, in each engine's words; a mistake has the same kind of error.
const OF_CONNECTION: [&str; 10] = [
    "failed to fetch",
    "fetch failed",
    "fetch resource",
    "network",
    "load failed",
    "internet",
    "connection",
    "cancelled",
    "terminated",
    // A connection that was cut while the body came.
    "body stream",
];

/// How the platforms describe a mistake by the names in the code alone.
const OF_MISTAKE: [&str; 14] = [
    "is not a function",
    "is not a constructor",
    "is not defined",
    "is not iterable",
    "is not an object",
    "is undefined",
    "is null",
    "cannot read propert",
    "cannot set propert",
    "cannot destructure",
    "cannot access",
    "can't access",
    "can't find variable",
    "assignment to const",
];

/// How the platforms say that `undefined` or `null` was read.
const OF_ABSENT: [&str; 12] = [
    "properties of undefined",
    "properties of null",
    "' of undefined",
    "' of null",
    "is undefined",
    "is null",
    "undefined is not an object",
    "null is not an object",
    "undefined is not iterable",
    "null is not iterable",
    "undefined or null",
    "null or undefined",
];

/// The longest name in a message. A credential is longer.
const LONGEST_NAME: usize = 40;

/// What an error called `name`, which says `message`, is about.
#[must_use]
pub fn read_fault(name: &str, message: &str) -> Option<Fault> {
    match name {
        "ReferenceError" => Some(Fault::Mistake(plain(message))),
        "TypeError" => {
            let said = message.to_ascii_lowercase();
            let is_used = said.contains("already") || said.contains("consumed");
            let of_connection = OF_CONNECTION.iter().any(|words| said.contains(words))
                || said == "decoding failed."
                || said.contains("error in input stream");
            let fault = if OF_ABSENT.iter().any(|words| said.contains(words)) {
                Fault::Absent
            } else {
                Fault::Mistake
            };
            (is_used || !of_connection).then(|| fault(plain(message)))
        }
        "RangeError" => Some(Fault::Mistake(None)),
        // Of `JSON.parse` and `response.json()`, of `atob`, and of clients that parse.
        "SyntaxError" | "InvalidCharacterError" | "ParseError" => Some(Fault::Unreadable),
        _ => None,
    }
}

/// The message, if nothing in it can be a value: some messages quote those, and a value may be a credential.
fn plain(message: &str) -> Option<String> {
    let said = message.to_ascii_lowercase();
    let known = OF_MISTAKE.iter().any(|words| said.contains(words));
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_$.#-+".contains(byte);
    let mut words = message.as_bytes().split(|byte| !in_name(byte));
    let only_names = words.all(|word| word.len() <= LONGEST_NAME)
        && !message.bytes().any(|byte| b"\n?=/%".contains(&byte));
    (known && only_names).then(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_told_in_the_platform_s_words_only_if_they_are_names() {
        for (name, message) in [
            ("ReferenceError", "notDefined is not defined"),
            ("ReferenceError", "Can't find variable: notDefined"),
            ("ReferenceError", "Cannot access 'a' before initialization"),
            ("TypeError", "tokens.fetchToken is not a function"),
            ("TypeError", "Cannot read properties of undefined (reading 'data')"),
            ("TypeError", "undefined is not an object (evaluating 'answer.data.credentials')"),
            ("TypeError", "can't access property \"data\", answer is undefined"),
        ] {
            let told = Some(message.to_owned());
            let absent = message.contains("undefined");
            let fault = if absent { Fault::Absent(told) } else { Fault::Mistake(told) };
            assert_eq!(read_fault(name, message), Some(fault), "{message}");
        }
        for message in [
            "Headers.append: \"Bearer CANARY\nabc\" is an invalid header value.",
            "Failed to parse URL from /api/sts?token=CANARY",
            "Failed to execute 'fetch' on 'Window': Failed to parse URL from /a?b=CANARY",
            "Cannot create property 'a' on string 'CANARY'",
            "Cannot use 'in' operator to search for 'a' in CANARY",
            "Cannot read properties of undefined (reading 'CAISuwJ1q6Ft5B2yfSjIr4iCANARYCANARYCANARY')",
            "Failed to execute 'json' on 'Response': body stream already read",
            "Response.json: Body has already been consumed.",
        ] {
            let absent = message.contains("of undefined");
            let fault = if absent { Fault::Absent(None) } else { Fault::Mistake(None) };
            assert_eq!(read_fault("TypeError", message), Some(fault), "{message}");
        }
    }

    #[test]
    fn what_reads_a_member_of_nothing_may_have_had_an_answer_without_data() {
        for message in [
            "Cannot read properties of null (reading 'sts')",
            "Cannot read property 'sts' of null",
            "Cannot destructure property 'sts' of 'answer.data' as it is null.",
            "Cannot convert undefined or null to object",
            "null is not an object (evaluating 'answer.data.sts')",
            "can't access property \"sts\", answer.data is null",
            "object null is not iterable (cannot read property Symbol(Symbol.iterator))",
        ] {
            assert!(
                matches!(read_fault("TypeError", message), Some(Fault::Absent(_))),
                "{message}"
            );
        }
        for message in ["answer.data.map is not a function", "Assignment to constant variable."] {
            assert!(
                matches!(read_fault("TypeError", message), Some(Fault::Mistake(_))),
                "{message}"
            );
        }
    }

    #[test]
    fn a_connection_that_fails_is_no_mistake() {
        for message in [
            "Failed to fetch",
            "fetch failed",
            "NetworkError when attempting to fetch resource.",
            "Load failed",
            "network error",
            "The Internet connection appears to be offline.",
            "The network connection was lost.",
            "cancelled",
            "terminated",
            "Error in body stream",
            "Error in input stream",
            "Decoding failed.",
        ] {
            assert_eq!(read_fault("TypeError", message), None, "{message}");
        }
        assert_eq!(read_fault("AxiosError", "Network Error"), None);
        assert_eq!(read_fault("Error", "anything"), None);
    }

    #[test]
    fn what_could_not_be_parsed_is_an_answer_that_could_not_be_read() {
        for (name, message) in [
            ("SyntaxError", "Unexpected token '<', \"<html>CANARY\" is not valid JSON"),
            ("InvalidCharacterError", "The string to be decoded is not correctly encoded."),
            ("ParseError", "Unexpected token < in JSON at position 0"),
        ] {
            assert_eq!(read_fault(name, message), Some(Fault::Unreadable), "{message}");
        }
    }
}
