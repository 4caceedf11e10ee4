//! What may change while the cloud runs: `/__control/config`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The knobs of a running cloud, in the words of the control interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Settings {
    /// Life of an STS token in milliseconds, whatever `DurationSeconds` asked for.
    pub(crate) sts_life_ms: Option<u64>,
    /// Life of an UploadAuth in milliseconds; VOD's own is 3,000 s.
    pub(crate) upload_auth_life_ms: Option<u64>,
    /// Added to the machine's clock.
    pub(crate) clock_offset_ms: i64,
    /// Added to the answer to each part.
    pub(crate) part_delay_ms: u64,
    /// Bytes of object and part bodies a second, over all connections; `None` and 0 are no limit.
    pub(crate) bytes_per_second: Option<u64>,
    /// Whether OSS lets pages read `ETag`.
    pub(crate) expose_etag: bool,
    /// Whether error answers carry CORS headers.
    pub(crate) cors_on_error: bool,
    /// What OSS calls an expired token.
    pub(crate) oss_expired_code: String,
    /// What VOD and STS call one.
    pub(crate) vod_expired_code: String,
    /// Added to every answer of a service.
    pub(crate) delays_ms: Delays,
}

/// Milliseconds a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delays {
    pub(crate) sts: u64,
    pub(crate) vod: u64,
    pub(crate) oss: u64,
    pub(crate) app: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sts_life_ms: None,
            upload_auth_life_ms: None,
            clock_offset_ms: 0,
            part_delay_ms: 0,
            bytes_per_second: None,
            expose_etag: true,
            cors_on_error: true,
            oss_expired_code: String::from("SecurityTokenExpired"),
            vod_expired_code: String::from("InvalidSecurityToken.Expired"),
            delays_ms: Delays::default(),
        }
    }
}

impl Settings {
    /// These settings with the members of `patch` in place of their own; `null` restores "unset".
    ///
    /// # Errors
    ///
    /// A sentence naming the member that is unknown or of the wrong type.
    pub(crate) fn merged(&self, patch: &Value) -> Result<Self, String> {
        let mut all = serde_json::to_value(self).map_err(|error| error.to_string())?;
        if !patch.is_object() {
            return Err(String::from("the settings must be a JSON object"));
        }
        merge(&mut all, patch);
        serde_json::from_value(all).map_err(|error| error.to_string())
    }
}

fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (name, value) in patch {
                merge(into.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (into, patch) => *into = patch.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else() {
        let changed = Settings::default()
            .merged(&json!({ "stsLifeMs": 3000, "delaysMs": { "oss": 5 } }))
            .unwrap();
        assert_eq!(changed.sts_life_ms, Some(3000));
        assert_eq!(changed.delays_ms, Delays { oss: 5, ..Delays::default() });
        assert_eq!(changed.oss_expired_code, "SecurityTokenExpired");
        assert_eq!(changed.merged(&json!({ "stsLifeMs": null })).unwrap().sts_life_ms, None);
    }

    #[test]
    fn a_misspelt_setting_is_named() {
        let error = Settings::default().merged(&json!({ "stsLife": 3 })).unwrap_err();
        assert!(error.contains("stsLife"), "{error}");
        assert!(Settings::default().merged(&json!({ "partDelayMs": "slow" })).is_err());
        assert!(Settings::default().merged(&json!([])).is_err());
    }
}
