//! Answers of the RPC services, as JSON or as XML.

use axum::response::Response;
use quick_xml::escape::escape;
use serde_json::{Map, Value, json};

use super::call::Call;
use crate::{error::ServiceError, exchange, state::Cloud};

/// Writes `result` in the format that `call` asked for.
pub(crate) fn write(
    cloud: &Cloud,
    call: &Call<'_>,
    result: &Result<Value, ServiceError>,
) -> Response {
    let (status, root, value) = match result {
        Ok(value) => (200, format!("{}Response", call.action), value.clone()),
        Err(error) => (error.status, String::from("Error"), refusal(call, error)),
    };
    let (content_type, body) = if call.wants_xml() {
        (
            "text/xml;charset=utf-8",
            format!("<?xml version='1.0' encoding='UTF-8'?>{}", element(&root, &value)),
        )
    } else {
        ("application/json;charset=utf-8", value.to_string())
    };
    let mut headers = cloud.rpc_cors(status != 200);
    headers.push(("content-type", content_type.to_owned()));
    headers.push(("x-acs-request-id", call.request_id.clone()));
    exchange::answer(status, cloud.clock.now(), headers, body)
}

fn refusal(call: &Call<'_>, error: &ServiceError) -> Value {
    let recommend = format!("https://api.aliyun.com/troubleshoot?q={}", error.code);
    let mut body = json!({
        "RequestId": call.request_id,
        "HostId": call.head.host,
        "Code": error.code,
        "Message": error.message,
        "Recommend": recommend,
    });
    if let Value::Object(members) = &mut body {
        members
            .extend(error.details.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    }
    body
}

fn element(name: &str, value: &Value) -> String {
    match value {
        Value::Object(members) => format!("<{name}>{}</{name}>", children(members)),
        Value::Array(items) => items.iter().map(|item| element(name, item)).collect(),
        Value::String(text) => format!("<{name}>{}</{name}>", escape(text)),
        Value::Null => format!("<{name}/>"),
        other => format!("<{name}>{other}</{name}>"),
    }
}

fn children(members: &Map<String, Value>) -> String {
    members.iter().map(|(name, value)| element(name, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_becomes_xml() {
        let value = json!({ "A": { "B": "x<y" }, "C": ["1", "2"], "D": null, "E": 3 });
        assert_eq!(element("R", &value), "<R><A><B>x&lt;y</B></A><C>1</C><C>2</C><D/><E>3</E></R>");
    }
}
