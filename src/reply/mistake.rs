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

/// How they describe one otherwise: these may quote a value of the page.
///
/// Engines word mistakes in English only. What else a `TypeError` says is of a connection, which WebKit words in the
/// language of the device: `请求超时。`.
const QUOTING: [&str; 73] = [
    // What a value is not.
    "is not a ",
    "is not an ",
    "is not callable",
    "is not extensible",
    "is not non-null",
    "is not async iterable",
    "has no properties",
    "has invalid value",
    "an invalid header",
    "must be",
    "to be an instance of",
    "not implement interface",
    "on instances of",
    "on incompatible",
    "invalid url",
    "url is not valid",
    "parse url",
    "parsed as a url",
    "only absolute urls",
    "module specifier",
    "bare specifier",
    "does not resolve",
    // What cannot be done with one.
    "can't ",
    "cannot add",
    "cannot assign",
    "cannot be constructed",
    "cannot be invoked",
    "cannot call",
    "cannot convert",
    "cannot create",
    "cannot define",
    "cannot delete",
    "cannot have",
    "cannot mix",
    "cannot perform",
    "cannot redefine",
    "cannot serialize",
    "cannot use",
    "assign to",
    "invalid assignment",
    "invalid mix",
    "invalid '",
    "read-only",
    "circular structure",
    "cyclic object",
    "how to serialize",
    "of empty array",
    "chaining cycle",
    // Members that are not there, as behind a proxy.
    "private member",
    "private method",
    "private field",
    "without a getter",
    "getter-only",
    // What Babel says in place of an engine.
    "invalid attempt to ",
    // How something was called.
    "illegal invocation",
    "illegal constructor",
    "requires 'new'",
    "without 'new'",
    "with 'new'",
    "without new",
    "requires ...iterable",
    "requires at least",
    "argument required",
    "arguments required",
    "not enough arguments",
    "missing argument",
    "missing required",
    "option is required",
    "non-callable",
    "failed to execute '",
    "failed to construct '",
    // A body that was read before.
    " already ",
    "disturbed or locked",
];
/// How the platforms say that `undefined` or `null` was read.
const OF_ABSENT: [&str; 13] = [
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
    "non-iterable instance",
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
            let is = |words: &[&str]| words.iter().any(|words| said.contains(words));
            let fault = if is(&OF_ABSENT) { Fault::Absent } else { Fault::Mistake };
            // WebKit's for a value of the wrong kind.
            let bare = said == "type error";
            let known = is(&OF_ABSENT) || is(&OF_MISTAKE) || is(&QUOTING) || bare;
            known.then(|| fault(plain(message)))
        }
        // What the page may not do here, or did wrong, in words that may quote a value.
        "RangeError" | "URIError" | "SecurityError" | "DataCloneError" | "InvalidStateError"
        | "AssertionError" => Some(Fault::Mistake(None)),
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
        // WebKit's, in the language of the device; and what each engine says of a module that did not load.
        for message in [
            "请求超时。",
            "网络连接已中断。",
            "已取消",
            "未能连接到服务器。",
            "似乎已断开与互联网的连接。",
            "未能完成操作。软件导致连接中止",
            "未能找到使用指定主机名的服务器。",
            "要求逾時。",
            "ネットワーク接続が切れました。",
            "네트워크 연결이 유실되었습니다.",
            "Сетевое соединение потеряно.",
            "La connexion réseau a été perdue.",
            "The request timed out.",
            "Could not connect to the server.",
            "A server with the specified hostname could not be found.",
            "The operation couldn’t be completed. Software caused connection abort",
            "The operation couldn’t be completed. (NSURLErrorDomain error -1005.)",
            "The certificate for this server is invalid. You might be connecting to a server that is pretending to be “a”.",
            "Origin https://a.example is not allowed by Access-Control-Allow-Origin.",
            "cannot parse response",
            "",
            "error loading dynamically imported module: https://a.example/sts.js",
            "Importing a module script failed.",
            "Failed to fetch dynamically imported module: https://a.example/already/sts.js",
        ] {
            assert_eq!(read_fault("TypeError", message), None, "{message}");
        }
        assert_eq!(read_fault("AxiosError", "Network Error"), None);
        assert_eq!(read_fault("Error", "anything"), None);
    }

    #[test]
    fn each_engine_s_words_for_a_mistake_are_known() {
        for message in [
            // V8's
            "answer.data.map is not a function",
            "Class constructor Sts cannot be invoked without 'new'",
            "Converting circular structure to JSON",
            "Do not know how to serialize a BigInt",
            "Reduce of empty array with no initial value",
            "Cannot convert a Symbol value to a string",
            "Cannot mix BigInt and other types, use explicit conversions",
            "Cannot assign to read only property 'a' of object '#<Object>'",
            "Method Map.prototype.get called on incompatible receiver [object Object]",
            "Illegal invocation",
            "Illegal constructor",
            "Invalid URL",
            "Cannot read private member #t from an object whose class did not declare it",
            "Object must be an instance of class Sts",
            "'#t' was defined without a getter",
            "Chaining cycle detected for promise #<Promise>",
            "Spread syntax requires ...iterable[Symbol.iterator] to be a function",
            "object is not iterable (cannot read property Symbol(Symbol.iterator))",
            // Of Node's fetch.
            "RequestInit: Expected signal (\"AbortSignal {}\") to be an instance of AbortSignal.",
            "RequestInit: duplex option is required when sending a body.",
            "Only absolute URLs are supported",
            // Babel's.
            "Invalid attempt to destructure non-iterable instance.\nIn order to be iterable, non-array objects must have a [Symbol.iterator]() method.",
            "Invalid attempt to spread non-iterable instance.",
            // WebKit's.
            "\"/api\" cannot be parsed as a URL.",
            "Type error",
            "Failed to construct 'URL': Invalid URL",
            "Failed to execute 'fetch' on 'Window': '/a b' is not a valid HTTP method.",
            "Failed to resolve module specifier 'sts'",
            "The \"url\" argument must be of type string. Received undefined",
            "Request with GET/HEAD method cannot have body.",
            // SpiderMonkey's
            "x has no properties",
            "can't convert undefined to object",
            "cyclic object value",
            "\"a\" is read-only",
            "invalid assignment to const 'a'",
            "class constructors must be invoked with 'new'",
            "Window.fetch: HEAD or GET Request cannot have a body.",
            "URL constructor: /api is not a valid URL.",
            "Window.fetch: At least 1 argument required, but only 0 passed",
            "'fetch' called on an object that does not implement interface Window.",
            // JavaScriptCore's
            "undefined is not a constructor (evaluating 'new a.B')",
            "Attempted to assign to readonly property.",
            "JSON.stringify cannot serialize cyclic structures.",
            "Can only call Window.fetch on instances of Window",
            "Not enough arguments",
            "Request has method 'GET' and cannot have a body",
            "Body is disturbed or locked",
            "Header 'a' has invalid value: 'CANARY'",
        ] {
            assert!(
                matches!(
                    read_fault("TypeError", message),
                    Some(Fault::Mistake(_) | Fault::Absent(_))
                ),
                "{message}"
            );
        }
    }

    #[test]
    fn what_the_page_s_code_was_not_allowed_or_did_wrong_is_a_mistake_of_it() {
        for name in [
            "URIError",
            "RangeError",
            "SecurityError",
            "DataCloneError",
            "InvalidStateError",
            "AssertionError",
        ] {
            // What it says may quote a value.
            assert_eq!(
                read_fault(name, "CANARY is undefined"),
                Some(Fault::Mistake(None)),
                "{name}"
            );
        }
        for name in ["NetworkError", "AbortError", "TimeoutError", "QuotaExceededError"] {
            assert_eq!(read_fault(name, "x is undefined"), None, "{name}");
        }
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
