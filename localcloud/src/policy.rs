//! The session policy of an assumed role: what is left of the role's permissions.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Map, Value};

use crate::clock::{UnixMs, parse_iso};

/// A policy that has passed the grammar check.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    statements: Vec<Statement>,
}

/// Why a policy is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PolicyError {
    Grammar,
    /// It has a condition that is not evaluated here.
    Condition(String),
}

#[derive(Clone, Debug)]
struct Statement {
    allow: bool,
    /// Whether `actions` are those that it does not cover.
    not_actions: bool,
    actions: Vec<String>,
    not_resources: bool,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

/// One test of a request. All of a statement's must hold.
#[derive(Clone, Debug)]
enum Condition {
    /// `acs:SourceIp`: every request comes from this machine.
    From { ranges: Vec<Range>, inside: bool },
    /// `acs:SecureTransport`: the cloud's own addresses are all `https`.
    Secure(bool),
    /// `acs:CurrentTime`: not before the first, before the second.
    During { from: UnixMs, to: UnixMs },
}

/// `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug)]
struct Range {
    address: IpAddr,
    prefix: u32,
}

type Read<T> = Result<T, PolicyError>;

impl Policy {
    /// Reads `{"Version":"1","Statement":[{"Effect","Action","Resource","Condition"}]}`.
    pub(crate) fn parse(text: &str) -> Read<Self> {
        let policy: Value = serde_json::from_str(text).map_err(|_| PolicyError::Grammar)?;
        if policy.get("Version").and_then(Value::as_str) != Some("1") {
            return Err(PolicyError::Grammar);
        }
        let statements = match policy.get("Statement") {
            Some(Value::Array(statements)) => {
                statements.iter().map(Statement::read).collect::<Read<Vec<_>>>()?
            }
            Some(one) => vec![Statement::read(one)?],
            None => return Err(PolicyError::Grammar),
        };
        if statements.is_empty() { Err(PolicyError::Grammar) } else { Ok(Self { statements }) }
    }

    /// Whether `action` on one of the names of a resource is allowed and not denied at `now`.
    pub(crate) fn allows(&self, action: &str, names: &[&str], now: UnixMs) -> bool {
        let matching = |allow: bool| {
            let mut statements = self.statements.iter();
            statements
                .any(|statement| statement.allow == allow && statement.covers(action, names, now))
        };
        matching(true) && !matching(false)
    }
}

impl Statement {
    fn read(value: &Value) -> Read<Self> {
        let (not_actions, actions) = one_of(value, "Action", "NotAction")?;
        let (not_resources, resources) = one_of(value, "Resource", "NotResource")?;
        Ok(Self {
            allow: match value.get("Effect").and_then(Value::as_str) {
                Some("Allow") => true,
                Some("Deny") => false,
                _ => return Err(PolicyError::Grammar),
            },
            not_actions,
            actions,
            not_resources,
            resources,
            conditions: match value.get("Condition") {
                None => Vec::new(),
                Some(Value::Object(operators)) => conditions(operators)?,
                Some(_) => return Err(PolicyError::Grammar),
            },
        })
    }

    fn covers(&self, action: &str, names: &[&str], now: UnixMs) -> bool {
        let action = action.to_lowercase();
        let acts = self.actions.iter().any(|pattern| matches(&pattern.to_lowercase(), &action));
        let on = self
            .resources
            .iter()
            .any(|pattern| names.iter().any(|name| *name == "*" || matches(pattern, name)));
        acts != self.not_actions
            && on != self.not_resources
            && self.conditions.iter().all(|condition| condition.holds(now))
    }
}

impl Condition {
    fn holds(&self, now: UnixMs) -> bool {
        match self {
            Self::From { ranges, inside } => {
                let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
                ranges.iter().any(|range| range.holds(here)) == *inside
            }
            Self::Secure(wanted) => *wanted,
            Self::During { from, to } => (*from..*to).contains(&now),
        }
    }
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/').unwrap_or((text, ""));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = if prefix.is_empty() { most } else { prefix.parse().ok()? };
        (prefix <= most).then_some(Self { address, prefix })
    }

    fn holds(self, address: IpAddr) -> bool {
        let bits = |address: IpAddr| match address {
            IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, true),
            IpAddr::V6(address) => (u128::from(address), false),
        };
        let ((own, own_kind), (other, kind)) = (bits(self.address), bits(address));
        let mask = u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
        own_kind == kind && own & mask == other & mask
    }
}

fn conditions(operators: &Map<String, Value>) -> Read<Vec<Condition>> {
    let mut read = Vec::new();
    for (operator, keys) in operators {
        for (key, values) in keys.as_object().ok_or(PolicyError::Grammar)? {
            let values = strings(values).ok_or(PolicyError::Grammar)?;
            read.push(condition(operator, key, &values)?);
        }
    }
    Ok(read)
}

fn condition(operator: &str, key: &str, values: &[String]) -> Read<Condition> {
    let unknown = || PolicyError::Condition(format!("{operator} {key}"));
    let one = || values.first().map(String::as_str).ok_or(PolicyError::Grammar);
    let instant = || parse_iso(one()?).ok_or(PolicyError::Grammar);
    let ranges = || values.iter().map(|text| Range::read(text)).collect::<Option<Vec<_>>>();
    match (operator, key) {
        ("IpAddress" | "NotIpAddress", "acs:SourceIp") => Ok(Condition::From {
            ranges: ranges().ok_or(PolicyError::Grammar)?,
            inside: operator == "IpAddress",
        }),
        ("Bool", "acs:SecureTransport") => match one()? {
            "true" => Ok(Condition::Secure(true)),
            "false" => Ok(Condition::Secure(false)),
            _ => Err(PolicyError::Grammar),
        },
        ("DateLessThan" | "DateLessThanEquals", "acs:CurrentTime") => {
            Ok(Condition::During { from: UnixMs::MIN, to: instant()? })
        }
        ("DateGreaterThan" | "DateGreaterThanEquals", "acs:CurrentTime") => {
            Ok(Condition::During { from: instant()?, to: UnixMs::MAX })
        }
        _ => Err(unknown()),
    }
}

/// The texts under `name`, or under `not` with `true` beside them.
fn one_of(statement: &Value, name: &str, not: &str) -> Read<(bool, Vec<String>)> {
    let read = |value: &Value| strings(value).ok_or(PolicyError::Grammar);
    match (statement.get(name), statement.get(not)) {
        (Some(texts), None) => Ok((false, read(texts)?)),
        (None, Some(texts)) => Ok((true, read(texts)?)),
        _ => Err(PolicyError::Grammar),
    }
}

fn strings(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(many) => many.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// Whether `text` fits `pattern`, where `*` is any text and `?` any one character.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pattern_rest = pattern.chars();
    match pattern_rest.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = pattern_rest.as_str();
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| matches(rest, text.get(at..).unwrap_or_default()))
        }
        Some(wanted) => {
            let mut text_rest = text.chars();
            text_rest.next().is_some_and(|letter| wanted == '?' || wanted == letter)
                && matches(pattern_rest.as_str(), text_rest.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = 1_795_464_000_000;

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
            ("a?c", "abc", true),
            ("a?c", "aäc", true),
            ("a?c", "ac", false),
        ];
        for (pattern, text, fits) in cases {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    fn policy(statement: &str) -> Policy {
        Policy::parse(&format!(r#"{{"Version":"1","Statement":{statement}}}"#)).unwrap()
    }

    #[test]
    fn a_denial_beats_what_is_allowed() {
        let policy = policy(
            r#"[{"Effect":"Allow","Action":["oss:*"],"Resource":"acs:oss:*:*:pics/*"},
                {"Effect":"Deny","Action":"oss:DeleteObject","Resource":["*"]}]"#,
        );
        let allows = |action, name: &str| policy.allows(action, &[name], NOW);
        assert!(allows("oss:PutObject", "acs:oss:cn-shanghai:1:pics/a.png"));
        assert!(!allows("oss:PutObject", "acs:oss:cn-shanghai:1:other/a.png"));
        assert!(!allows("oss:DeleteObject", "acs:oss:cn-shanghai:1:pics/a.png"));
    }

    #[test]
    fn all_but_what_is_named() {
        let policy = policy(r#"{"Effect":"Allow","NotAction":"oss:Delete*","Resource":"*"}"#);
        assert!(policy.allows("oss:PutObject", &["x"], NOW));
        assert!(!policy.allows("oss:DeleteObject", &["x"], NOW));
    }

    #[test]
    fn conditions_are_evaluated() {
        let allows = |condition: &str| {
            policy(&format!(
                r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}}}"#
            ))
            .allows("vod:GetVideoInfo", &["*"], NOW)
        };
        for (condition, holds) in [
            (r#"{"IpAddress":{"acs:SourceIp":["203.0.113.0/24","127.0.0.0/8"]}}"#, true),
            (r#"{"IpAddress":{"acs:SourceIp":"203.0.113.0/24"}}"#, false),
            (r#"{"NotIpAddress":{"acs:SourceIp":"127.0.0.1"}}"#, false),
            (r#"{"Bool":{"acs:SecureTransport":"true"}}"#, true),
            (r#"{"Bool":{"acs:SecureTransport":"false"}}"#, false),
            (r#"{"DateLessThan":{"acs:CurrentTime":"2020-01-01T00:00:00Z"}}"#, false),
            (r#"{"DateGreaterThan":{"acs:CurrentTime":"2020-01-01T00:00:00Z"}}"#, true),
        ] {
            assert_eq!(allows(condition), holds, "{condition}");
        }
    }

    #[test]
    fn a_condition_that_is_not_evaluated_is_told() {
        let text = r#"{"Version":"1","Statement":{"Effect":"Allow","Action":"*","Resource":"*",
            "Condition":{"StringEquals":{"acs:MFAPresent":"true"}}}}"#;
        let told = PolicyError::Condition(String::from("StringEquals acs:MFAPresent"));
        assert_eq!(Policy::parse(text).unwrap_err(), told);
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
            r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}]}"#,
            r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":7}]}"#,
        ] {
            assert_eq!(Policy::parse(text).unwrap_err(), PolicyError::Grammar, "{text}");
        }
    }
}
