//! Who gets which role: the operator's list, of which the first entry that fits counts.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::future::BoxFuture;

use crate::{
    auth::{Denied, User},
    authorise::{Authorise, Operation},
    session::session_name,
    sts::Role,
};

/// Stands in a policy for the user's session name, whose alphabet has no character that means something in a policy.
pub const USER: &str = "${user}";

/// One entry of the list.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Whom it is for: ids; none is everybody.
    pub users: Vec<String>,
    /// Groups of which a user must have one; none is everybody.
    pub groups: Vec<String>,
    /// What it is for.
    pub purpose: Purpose,
    /// What they get; `None` is nothing.
    pub role: Option<Arc<Role>>,
}

/// What a role is assumed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A page's own token.
    Page,
    /// This server's calls to VOD.
    Server,
}

/// The operator's list.
#[derive(Clone, Debug)]
pub struct Grants(Vec<Rule>);

impl Grants {
    /// A list; whoever fits no entry gets nothing.
    #[must_use]
    pub const fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// Each entry.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.0
    }

    /// The roles of the list, each once.
    #[must_use]
    pub fn arns(&self) -> Vec<&str> {
        let roles = self.0.iter().filter_map(|rule| rule.role.as_deref());
        roles.map(|role| role.arn.as_str()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn role(&self, user: &User, purpose: Purpose) -> Result<Arc<Role>, Denied> {
        let rule = self
            .0
            .iter()
            .find(|rule| rule.purpose == purpose && rule.fits(user))
            .ok_or(Denied::Forbidden("no grant fits this user"))?;
        let role = rule.role.as_ref().ok_or(Denied::Forbidden("the grant that fits denies"))?;
        Ok(match &role.policy {
            Some(policy) if policy.contains(USER) => {
                let policy = policy.replace(USER, &session_name(&user.id));
                Arc::new(Role { policy: Some(policy), ..role.as_ref().clone() })
            }
            _ => Arc::clone(role),
        })
    }
}

impl Rule {
    /// For everybody.
    #[must_use]
    pub fn everybody(purpose: Purpose, role: Role) -> Self {
        Self { users: Vec::new(), groups: Vec::new(), purpose, role: Some(Arc::new(role)) }
    }

    fn fits(&self, user: &User) -> bool {
        let named = self.users.is_empty() || self.users.contains(&user.id);
        let grouped =
            self.groups.is_empty() || self.groups.iter().any(|group| user.groups.contains(group));
        named && grouped
    }
}

impl Authorise for Grants {
    fn authorise<'a>(
        &'a self,
        user: &'a User,
        operation: Operation<'a>,
    ) -> BoxFuture<'a, Result<Arc<Role>, Denied>> {
        let purpose = match operation {
            Operation::Token { .. } => Purpose::Page,
            Operation::Upload(_) => Purpose::Server,
        };
        Box::pin(async move { self.role(user, purpose) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(arn: &str, policy: &str) -> Role {
        let policy = Some(policy.to_owned());
        Role { arn: arn.to_owned(), duration_seconds: 900, policy, external_id: None }
    }

    fn user(id: &str, groups: &[&str]) -> User {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        User { id: id.to_owned(), groups }
    }

    #[test]
    fn the_first_entry_that_fits_counts() {
        let everybody = |arn| Rule::everybody(Purpose::Page, role(arn, "p"));
        let grants = Grants::new(vec![
            Rule { users: vec!["mallory".into()], role: None, ..everybody("none") },
            Rule { groups: vec!["staff".into()], ..everybody("staff") },
            Rule { groups: vec!["guest".into()], ..everybody("guest") },
        ]);
        let arn = |user: &User| grants.role(user, Purpose::Page).map(|role| role.arn.clone());
        assert_eq!(arn(&user("alice", &["guest", "staff"])), Ok("staff".into()));
        assert_eq!(arn(&user("bob", &["guest"])), Ok("guest".into()));
        for nobody in [user("mallory", &["staff"]), user("carol", &[])] {
            assert!(matches!(arn(&nobody), Err(Denied::Forbidden(_))), "{nobody:?}");
        }
        assert!(grants.role(&user("alice", &["staff"]), Purpose::Server).is_err());
    }

    #[test]
    fn nobody_widens_a_policy_by_a_clever_name() {
        let rule = Rule::everybody(Purpose::Page, role("r", r#"{"Resource":"b/${user}/*"}"#));
        let grants = Grants::new(vec![rule]);
        let policy =
            |id: &str| grants.role(&user(id, &[]), Purpose::Page).unwrap().policy.clone().unwrap();
        assert_eq!(policy("alice"), r#"{"Resource":"b/alice/*"}"#);
        for clever in ["*", "a\",\"*", "../bob", "${user}", "a/b", "a*"] {
            let filled = policy(clever);
            let name = filled
                .strip_prefix(r#"{"Resource":"b/u-"#)
                .and_then(|rest| rest.strip_suffix(r#"/*"}"#));
            assert!(
                name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_hexdigit())),
                "{filled}"
            );
        }
    }
}
