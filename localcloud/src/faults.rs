//! The fault queue: which request is answered wrongly, late or never.

use std::{collections::BTreeMap, sync::Mutex};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{error::ServiceError, log::ServiceName, sync::lock};

/// One planned fault, in the words of the control interface.
///
/// With `status`, `code` or `body` the request is answered so and not carried out; with `delayMs`
/// alone it is carried out late.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    pub(crate) service: ServiceName,
    /// `None` is every action but a preflight.
    #[serde(default)]
    pub(crate) action: Option<String>,
    #[serde(default)]
    pub(crate) part_number: Option<u32>,
    /// Requests that match and are let through first.
    #[serde(default)]
    pub(crate) skip: u32,
    /// Requests that it strikes; -1 is for ever.
    #[serde(default = "once")]
    pub(crate) times: i64,
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) code: Option<String>,
    #[serde(default)]
    pub(crate) message: Option<String>,
    /// Sent as it is if a string, as JSON otherwise; in place of the service's error format.
    #[serde(default)]
    pub(crate) body: Option<Value>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) delay_ms: u64,
    /// Never answers; the client goes first.
    #[serde(default)]
    pub(crate) hang: bool,
    /// Closes the connection without an answer.
    #[serde(default)]
    pub(crate) drop: bool,
}

const fn once() -> i64 {
    1
}

impl Fault {
    /// Whether the request is answered by the fault itself.
    pub(crate) const fn answers(&self) -> bool {
        self.status.is_some() || self.code.is_some() || self.body.is_some()
    }

    /// The answer, for a service to write in its own format.
    pub(crate) fn error(&self) -> ServiceError {
        let code = self.code.clone().unwrap_or_else(|| String::from("InternalError"));
        let status = self.status.unwrap_or_else(|| if self.code.is_some() { 403 } else { 500 });
        let message =
            self.message.clone().unwrap_or_else(|| String::from("The request was refused."));
        ServiceError::new(status, code, message)
    }

    /// The body to send in place of the service's format, and its status.
    pub(crate) fn raw_body(&self) -> Option<(u16, String)> {
        let body = match self.body.as_ref()? {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        Some((self.status.unwrap_or(200), body))
    }

    fn matches(&self, service: ServiceName, action: &str, part_number: Option<u32>) -> bool {
        self.service == service
            && self.action.as_deref().map_or(action != "Preflight", |wanted| wanted == action)
            && self.part_number.is_none_or(|wanted| Some(wanted) == part_number)
    }
}

/// Faults that have not struck yet, in the order they were planned.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub(crate) fn plan(&self, faults: Vec<Fault>) {
        lock(&self.0).extend(faults);
    }

    pub(crate) fn pending(&self) -> Vec<Fault> {
        lock(&self.0).clone()
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    /// The fault that strikes this request, if any. A matching fault that still has requests to skip
    /// counts this one and leaves it to the faults after it.
    pub(crate) fn take(
        &self,
        service: ServiceName,
        action: &str,
        part_number: Option<u32>,
    ) -> Option<Fault> {
        let mut faults = lock(&self.0);
        let mut struck = None;
        for fault in faults.iter_mut().filter(|fault| fault.matches(service, action, part_number)) {
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if fault.times != 0 {
                fault.times -= i64::from(fault.times > 0);
                struck = Some(fault.clone());
                break;
            }
        }
        faults.retain(|fault| fault.times != 0);
        struck
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(plan: Value) -> Faults {
        let faults = Faults::default();
        faults.plan(serde_json::from_value(plan).unwrap());
        faults
    }

    fn codes(faults: &Faults, action: &str, requests: usize) -> Vec<Option<String>> {
        (0..requests)
            .map(|_| {
                faults
                    .take(ServiceName::Oss, action, Some(1))
                    .map(|fault| fault.code.unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn a_fault_skips_then_strikes_then_is_gone() {
        let plan = faults(
            json!([{ "service": "oss", "action": "UploadPart", "skip": 1, "times": 2, "code": "A" }]),
        );
        let a = || Some(String::from("A"));
        assert_eq!(codes(&plan, "UploadPart", 5), [None, a(), a(), None, None]);
        assert!(plan.pending().is_empty());
    }

    #[test]
    fn a_fault_strikes_only_what_it_names() {
        let plan = faults(json!([{ "service": "oss", "partNumber": 2, "times": -1, "code": "A" }]));
        assert!(plan.take(ServiceName::Oss, "UploadPart", Some(1)).is_none());
        assert!(plan.take(ServiceName::Vod, "UploadPart", Some(2)).is_none());
        for _ in 0..3 {
            assert!(plan.take(ServiceName::Oss, "UploadPart", Some(2)).is_some());
        }
    }

    #[test]
    fn a_preflight_is_struck_only_when_named() {
        let plan = faults(
            json!([{ "service": "oss", "code": "A" }, { "service": "oss", "action": "Preflight", "code": "B" }]),
        );
        assert_eq!(codes(&plan, "Preflight", 2), [Some(String::from("B")), None]);
        assert_eq!(codes(&plan, "PutObject", 2), [Some(String::from("A")), None]);
    }
}
