//! The parameters of one call, wherever the client put them.

use std::collections::BTreeMap;

use crate::{error::ServiceError, exchange::Head, log::short, sign::acs3};

/// Longest of what a call told, in bytes, names and values together: more than a call that is accepted may say.
const MOST_TOLD: usize = 16 << 10;

/// Parameters of every call.
const COMMON: [&str; 10] = [
    "AccessKeyId",
    "Action",
    "Format",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureVersion",
    "Timestamp",
    "Version",
];

/// A call as sent. Holds signatures and tokens, hence no `Debug`.
pub(crate) struct Call<'a> {
    pub(crate) head: &'a Head,
    /// Query and form together.
    pub(crate) params: BTreeMap<String, String>,
    /// The query alone, which is what ACS3 signs.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) acs3: Option<acs3::Authorization<'a>>,
    /// Empty if none was named.
    pub(crate) action: String,
    pub(crate) request_id: String,
    content_type_is_known: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn read(head: &'a Head, body: &[u8], request_id: String) -> Self {
        let decode = |text: &[u8]| form_urlencoded::parse(text).into_owned().collect::<Vec<_>>();
        let query = decode(head.raw_query.as_bytes());
        let mut params: BTreeMap<String, String> = query.iter().cloned().collect();
        let content_type = head.header("content-type").unwrap_or_default();
        let is_form = content_type.starts_with("application/x-www-form-urlencoded");
        if is_form {
            params.extend(decode(body));
        }
        let action = head.header("x-acs-action").map(str::to_owned);
        Self {
            acs3: head.header("authorization").and_then(acs3::Authorization::parse),
            action: action.or_else(|| params.get("Action").cloned()).unwrap_or_default(),
            request_id,
            content_type_is_known: is_form
                || body.is_empty()
                || content_type.starts_with("application/json"),
            head,
            params,
            query,
        }
    }

    /// A parameter, if it is there and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A parameter that must be there.
    pub(crate) fn require(&self, name: &str) -> Result<&str, ServiceError> {
        self.get(name).ok_or_else(|| missing(name))
    }

    /// The call's own parameters, without those that sign it: no secret is among them.
    ///
    /// They are kept, also of a call that is refused, and a stranger's body may be long: texts are cut, and behind
    /// [`MOST_TOLD`] bytes parameters left out.
    pub(crate) fn told(&self) -> BTreeMap<String, String> {
        let mut room = MOST_TOLD;
        self.params
            .iter()
            .filter(|(name, value)| !COMMON.contains(&name.as_str()) && !value.is_empty())
            .map(|(name, value)| (short(name), short(value)))
            .take_while(|(name, value)| {
                let rest = room.checked_sub(name.len() + value.len());
                room = rest.unwrap_or_default();
                rest.is_some()
            })
            .collect()
    }

    /// Refuses a URL that the gateway would not read to its end.
    pub(crate) fn require_short_url(&self, most: usize) -> Result<(), ServiceError> {
        if self.head.raw_query.len() <= most {
            return Ok(());
        }
        let message = "The requested URL is too long: post the parameters.";
        Err(ServiceError::new(414, "RequestURITooLarge", message))
    }

    pub(crate) fn access_key_id(&self) -> Option<&str> {
        self.acs3.as_ref().map(|given| given.access_key_id).or_else(|| self.get("AccessKeyId"))
    }

    pub(crate) fn security_token(&self) -> Option<&str> {
        if self.acs3.is_some() {
            self.head.header("x-acs-security-token")
        } else {
            self.get("SecurityToken")
        }
    }

    pub(crate) fn wants_xml(&self) -> bool {
        match self.get("Format") {
            Some(format) => format.eq_ignore_ascii_case("XML"),
            None => self
                .head
                .header("accept")
                .is_some_and(|accept| accept.starts_with("application/xml")),
        }
    }

    pub(crate) fn require_version(&self, wanted: &str) -> Result<(), ServiceError> {
        if !self.content_type_is_known {
            let message = "ContentType must be json or x-www-form-urlencoded";
            return Err(ServiceError::new(400, "InvalidParameter.ContentType", message));
        }
        let version = self.head.header("x-acs-version").or_else(|| self.get("Version"));
        match version {
            Some(version) if version == wanted => Ok(()),
            Some(_) => Err(ServiceError::new(
                404,
                "InvalidVersion",
                "Specified parameter Version is not valid.",
            )),
            None => Err(missing("Version")),
        }
    }
}

/// A required parameter is not there.
pub(crate) fn missing(name: &str) -> ServiceError {
    ServiceError::new(
        400,
        format!("Missing{name}"),
        format!("{name} is mandatory for this action."),
    )
}

/// The gateway knows no such action.
pub(crate) fn unknown_action() -> ServiceError {
    let message = "Specified api is not found, please check your url and method.";
    ServiceError::new(404, "InvalidAction.NotFound", message)
}
