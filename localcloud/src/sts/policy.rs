//! The session policy of an assumed role: what is left of the role's permissions.

use serde_json::Value;

/// A policy that has passed the grammar check.
///
/// `Condition` is not evaluated: a statement counts as if its conditions held.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug)]
struct Statement {
    allow: bool,
    actions: Vec<String>,
    resources: Vec<String>,
}

impl Policy {
    /// Reads `{"Version":"1","Statement":[{"Effect","Action","Resource"}]}`; `None` if it is not grammatical.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let policy: Value = serde_json::from_str(text).ok()?;
        (policy.get("Version")?.as_str()? == "1").then_some(())?;
        let statements = match policy.get("Statement")? {
            Value::Array(statements) => {
                statements.iter().map(Statement::read).collect::<Option<Vec<_>>>()?
            }
            one => vec![Statement::read(one)?],
        };
        (!statements.is_empty()).then_some(Self { statements })
    }

    /// Whether `action` on `resource` is allowed and not denied.
    pub(crate) fn allows(&self, action: &str, resource: &str) -> bool {
        let matching = |allow: bool| {
            self.statements
                .iter()
                .any(|statement| statement.allow == allow && statement.covers(action, resource))
        };
        matching(true) && !matching(false)
    }
}

impl Statement {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            allow: match value.get("Effect")?.as_str()? {
                "Allow" => true,
                "Deny" => false,
                _ => return None,
            },
            actions: strings(value.get("Action")?)?,
            resources: strings(value.get("Resource")?)?,
        })
    }

    fn covers(&self, action: &str, resource: &str) -> bool {
        self.actions.iter().any(|pattern| matches(&pattern.to_lowercase(), &action.to_lowercase()))
            && self.resources.iter().any(|pattern| matches(pattern, resource))
    }
}

fn strings(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(many) => many.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// Whether `text` fits `pattern`, where `*` is any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    rest.is_empty()
        || text.char_indices().any(|(at, _)| matches(rest, text.get(at..).unwrap_or_default()))
        || matches(rest, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        let cases = [
            ("*", "anything", true),
            ("vod:*", "vod:CreateUploadVideo", true),
            ("vod:*Video", "vod:CreateUploadVideo", true),
            ("vod:*Video", "vod:CreateUploadImage", false),
            ("vod:Create", "vod:CreateUploadVideo", false),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
            ("a*", "a", true),
            ("*a", "ba", true),
        ];
        for (pattern, text, fits) in cases {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_denial_beats_what_is_allowed() {
        let policy = Policy::parse(
            r#"{"Version":"1","Statement":[
                {"Effect":"Allow","Action":["oss:*"],"Resource":"acs:oss:*:*:pics/*"},
                {"Effect":"Deny","Action":"oss:DeleteObject","Resource":["*"]}]}"#,
        )
        .unwrap();
        assert!(policy.allows("oss:PutObject", "acs:oss:*:*:pics/a.png"));
        assert!(!policy.allows("oss:PutObject", "acs:oss:*:*:other/a.png"));
        assert!(!policy.allows("oss:DeleteObject", "acs:oss:*:*:pics/a.png"));
    }

    #[test]
    fn what_is_not_a_policy_is_not_read() {
        for text in [
            "",
            "{}",
            r#"{"Version":"1","Statement":[]}"#,
            r#"{"Version":"2","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
            r#"{"Version":"1","Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}"#,
            r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":1,"Resource":"*"}]}"#,
            r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*"}]}"#,
        ] {
            assert!(Policy::parse(text).is_none(), "{text}");
        }
    }
}
