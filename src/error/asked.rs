//! What was asked, and of whom.

use std::fmt;

use super::PageFunction;

/// Who was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Party {
    /// The page's own server.
    #[default]
    AppServer,
    /// The VOD API.
    Vod,
}

/// One request, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    /// Who.
    pub party: Party,
    /// `GET` or `POST`; none of a function of the page.
    pub method: Option<&'static str>,
    /// The address without query, fragment and user; or what the function is called.
    pub address: String,
}

impl Asked {
    /// A function of the page, in the place of its server.
    #[must_use]
    pub fn function(function: PageFunction) -> Self {
        let address = format!("{}()", function.option());
        Self { party: Party::AppServer, method: None, address }
    }

    /// The address, if there is one.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.method.map(|_| &*self.address)
    }

    /// Of the address as it was asked; what may be secret in it is left out.
    #[must_use]
    pub fn new(party: Party, method: &'static str, address: &str) -> Self {
        let bare = address.split(['?', '#']).next().unwrap_or_default();
        let address = match bare.split_once("//") {
            Some((scheme, rest)) => {
                let end = rest.bytes().position(|byte| byte == b'/').unwrap_or(rest.len());
                let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
                let user = authority.bytes().rposition(|byte| byte == b'@');
                let host = user.and_then(|at| authority.get(at + 1..)).unwrap_or(authority);
                format!("{scheme}//{host}{path}")
            }
            None => bare.to_owned(),
        };
        Self { party, method: Some(method), address }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = self.method {
            f.write_str(method)?;
            f.write_str(" ")?;
        }
        f.write_str(&self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        let cases = [
            ("/api/sts", "/api/sts"),
            ("/api/sts?key=CANARY#CANARY", "/api/sts"),
            ("https://a.example:8080/api/sts?CANARY", "https://a.example:8080/api/sts"),
            ("https://user:CANARY@a.example/api@2", "https://a.example/api@2"),
            ("//a.example?CANARY", "//a.example"),
            ("", ""),
        ];
        for (address, shown) in cases {
            assert_eq!(Asked::new(Party::AppServer, "POST", address).address, shown);
        }
    }
}
