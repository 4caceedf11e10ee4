//! The configuration file: who gets which role, and which media files pages may create.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use serde::Deserialize;

use super::rules::{self, Ruled};
use crate::{
    grants::{Purpose, Rule},
    media::{MediaRules, Values},
    sts::Role,
};

/// The file, as TOML. A misspelt name is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    vod: Media,
    grants: Vec<Grant>,
}

/// `[vod]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Media {
    extensions: Vec<String>,
    max_bytes: Option<u64>,
    callbacks: bool,
    /// Right values by parameter: a list, or `"*"`.
    fields: BTreeMap<String, Right>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Right {
    Text(String),
    List(Vec<String>),
}

/// `[[grants]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    endpoint: Endpoint,
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    deny: bool,
    role_arn: Option<String>,
    policy: Option<String>,
    duration_seconds: Option<u32>,
    external_id: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Endpoint {
    Sts,
    UploadAuth,
}

impl File {
    /// # Errors
    ///
    /// Where it cannot be read. Values are not repeated.
    pub(super) fn parse(text: &str) -> Ruled<Self> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| {
                text.get(..span.start).unwrap_or_default().matches('\n').count() + 1
            });
            // The rest of its display quotes the line.
            Cow::Owned(format!("line {line}: {}", first_words(error.message())))
        })
    }

    /// # Errors
    ///
    /// Which name is wrong.
    pub(super) fn media(&self, mut rules: MediaRules) -> Ruled<MediaRules> {
        rules.extensions.extend(
            self.vod.extensions.iter().map(|one| one.trim_start_matches('.').to_ascii_lowercase()),
        );
        rules.max_bytes = self.vod.max_bytes.or(rules.max_bytes);
        rules.callbacks |= self.vod.callbacks;
        for (name, right) in &self.vod.fields {
            let values = match right {
                Right::Text(text) => Values::read(text),
                Right::List(list) => Values::OneOf(list.clone()),
            };
            rules
                .set(name, values)
                .map_err(|reason| Cow::Owned(format!("vod.fields.{name} {reason}")))?;
        }
        Ok(rules)
    }

    /// The grants; `page` and `server` are what the environment says, and fill in what an entry leaves out. They follow
    /// where the file has no entry for their purpose.
    ///
    /// # Errors
    ///
    /// Which entry is wrong, and how.
    pub(super) fn grants(&self, page: &Role, server: &Role, longest: u32) -> Ruled<Vec<Rule>> {
        let mut granted = Vec::new();
        for (number, grant) in (1..).zip(&self.grants) {
            let (purpose, base) = match grant.endpoint {
                Endpoint::Sts => (Purpose::Page, page),
                Endpoint::UploadAuth => (Purpose::Server, server),
            };
            let role = grant
                .role(base, longest)
                .map_err(|reason| Cow::Owned(format!("grants, entry {number}: {reason}")))?;
            let (users, groups) = (grant.users.clone(), grant.groups.clone());
            granted.push(Rule { users, groups, purpose, role: role.map(Arc::new) });
        }
        for (purpose, role) in [(Purpose::Page, page), (Purpose::Server, server)] {
            if !granted.iter().any(|rule| rule.purpose == purpose) {
                granted.push(Rule::everybody(purpose, role.clone()));
            }
        }
        Ok(granted)
    }
}

impl Grant {
    fn role(&self, base: &Role, longest: u32) -> Ruled<Option<Role>> {
        if self.deny {
            return Ok(None);
        }
        let arn = self.role_arn.as_deref().map(rules::role_arn).transpose()?;
        let policy = self.policy.as_deref().map(rules::policy).transpose()?;
        let external_id = self.external_id.as_deref().map(rules::external_id).transpose()?;
        let duration_seconds = self.duration_seconds.unwrap_or(base.duration_seconds);
        if !(rules::SHORTEST_SESSION..=longest).contains(&duration_seconds) {
            let least = rules::SHORTEST_SESSION;
            return Err(Cow::Owned(format!("duration_seconds must be {least} to {longest}")));
        }
        Ok(Some(Role {
            arn: arn.unwrap_or_else(|| base.arn.clone()),
            duration_seconds,
            policy: policy.unwrap_or_else(|| base.policy.clone()),
            external_id: external_id.or_else(|| base.external_id.clone()),
        }))
    }
}

/// The beginning of what a message says, without the text that it quotes; names stand in other quotation marks.
fn first_words(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let said = match (line.split_once('"'), line.rsplit_once('"')) {
        // The text itself may hold quotation marks.
        (Some((before, _)), Some((_, after))) => format!("{before}…{after}"),
        _ => line.to_owned(),
    };
    said.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(arn: &str) -> Role {
        Role { arn: arn.into(), duration_seconds: 900, policy: None, external_id: None }
    }

    fn grants(text: &str) -> Ruled<Vec<Rule>> {
        File::parse(text)?.grants(&role("page"), &role("server"), 3_600)
    }

    #[test]
    fn an_entry_fills_in_what_the_environment_says() {
        let rules = grants(
            r#"
            [[grants]]
            endpoint = "sts"
            groups = ["staff"]
            role_arn = "acs:ram::1:role/staff"
            duration_seconds = 3600
            policy = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:PutObject","Resource":"acs:oss:*:*:b/${user}/*"}]}'
            [[grants]]
            endpoint = "sts"
            "#,
        )
        .unwrap();
        let [staff, everybody, server] = rules.try_into().unwrap();
        let staff_role = staff.role.unwrap();
        assert_eq!(
            (staff_role.arn.as_str(), staff_role.duration_seconds),
            ("acs:ram::1:role/staff", 3_600)
        );
        assert_eq!(everybody.role.unwrap().arn, "page");
        assert_eq!(
            (server.purpose, server.role.unwrap().arn.as_str()),
            (Purpose::Server, "server")
        );
    }

    #[test]
    fn a_mistake_is_named_by_its_place() {
        for (text, said) in [
            ("[[grants]]\nendpoint = \"sts\"\nrole = 1", "line 3: unknown field `role`"),
            ("[[grants]]\nendpoint = \"both\"", "line 2: unknown variant `both`"),
            ("x", "line 1: "),
            (
                "[vod]\nmax_bytes = \"CANARY \\\" CANARY\"",
                "line 2: invalid type: string …, expected u64",
            ),
            (
                "[[grants]]\nendpoint = \"sts\"\nrole_arn = \"CANARY\"",
                "grants, entry 1: must have the form",
            ),
            (
                "[[grants]]\nendpoint = \"sts\"\nduration_seconds = 60",
                "grants, entry 1: duration_seconds must be",
            ),
            (
                "[[grants]]\nendpoint = \"sts\"\npolicy = \"{}\"",
                "grants, entry 1: must be a RAM policy",
            ),
        ] {
            let error = grants(text).unwrap_err();
            assert!(error.starts_with(said), "{error}");
            assert!(!error.contains("CANARY"), "{error}");
        }
    }

    #[test]
    fn media_rules_come_from_the_file() {
        let file = File::parse(
            "[vod]\nextensions = [\".MP4\"]\nmax_bytes = 5\n[vod.fields]\nTemplateGroupId = [\"g\"]\nAppId = \"*\"",
        )
        .unwrap();
        let rules = file.media(MediaRules::default()).unwrap();
        assert_eq!((rules.extensions, rules.max_bytes), (vec![String::from("mp4")], Some(5)));
        let misspelt = File::parse("[vod.fields]\nTemplate = \"*\"").unwrap();
        assert!(
            misspelt
                .media(MediaRules::default())
                .unwrap_err()
                .starts_with("vod.fields.Template must")
        );
    }
}
