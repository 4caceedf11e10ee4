//! What a library for checks throws about an answer, in a function of the page: Zod, Valibot, Superstruct, yup, joi.

use super::members::{Members, member, text};
use crate::{error::Error, json::Json};

/// What a check by the page's function found.
const MALFORMED: Error =
    Error::InvalidResponse { reason: "the page's function checks it, and found it malformed" };

/// Whether an error is what a library for checks throws: Zod, Valibot, Superstruct, and by its lists yup or joi. A page
/// may call its own refusals `ValidationError`, too.
pub(super) fn found_malformed(members: &Members) -> Option<Error> {
    const LISTS: &[&str] = &["inner", "details"];
    let name = text(members, &["name"]).map_or("", |(_, name)| name);
    let is_list = |(_, list): (usize, &Json)| matches!(list, Json::Array(_));
    let checked = match name {
        "ZodError" | "$ZodError" | "ValiError" | "StructError" => true,
        "ValidationError" => {
            member(members, LISTS).is_some_and(is_list) || text(members, &["path"]).is_some()
        }
        _ => false,
    };
    // A server may name its errors so, too; but it has no stack to show.
    (checked && member(members, &["stack"]).is_some()).then_some(MALFORMED)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::{super::client::object, *};

    fn read(thrown: &str) -> Option<Error> {
        let thrown: Json = serde_json::from_str(thrown).ok()?;
        found_malformed(object(&thrown)?)
    }

    #[test]
    fn what_a_check_of_the_answer_found_is_no_answer_s_refusal() {
        for thrown in [
            r#"{"name":"ZodError","stack":true,"message":"[{\"message\":\"Required\"}]","issues":[{"code":"invalid_type","message":"Required"}],"errors":[{"code":"invalid_type","message":"Required"}]}"#,
            r#"{"name":"ZodError","stack":true,"message":"[{\"message\":\"Invalid input\"}]"}"#,
            r#"{"name":"$ZodError","stack":true,"message":"Invalid input, it says"}"#,
            r#"{"name":"ValidationError","stack":true,"message":"AccessKeyId is a required field","errors":["AccessKeyId is a required field"],"path":"AccessKeyId"}"#,
            r#"{"name":"ValidationError","stack":true,"message":"2 errors occurred","errors":["a is required","b is required"],"inner":[{"name":"ValidationError","message":"a is required"}]}"#,
            r#"{"name":"ValidationError","stack":true,"message":"\"AccessKeyId\" is required","details":[{"message":"\"AccessKeyId\" is required","path":["AccessKeyId"],"type":"any.required"}]}"#,
            r#"{"name":"ValiError","stack":true,"message":"Invalid key: Expected \"AccessKeyId\" but received undefined","issues":[{"kind":"schema"}]}"#,
            r#"{"name":"StructError","stack":true,"message":"At path: AccessKeyId -- Expected a string, but received: undefined"}"#,
        ] {
            assert_eq!(read(thrown), Some(MALFORMED), "{thrown}");
        }
        // The page's own, and a server's.
        for thrown in [
            r#"{"name":"ValidationError","stack":true,"message":"the title is too long"}"#,
            r#"{"name":"ValidationError","message":"no title","details":[{"message":"no title"}]}"#,
            r#"{"name":"Error","stack":true,"message":"no","issues":[{"message":"no"}]}"#,
        ] {
            assert_eq!(read(thrown), None, "{thrown}");
        }
    }
}
