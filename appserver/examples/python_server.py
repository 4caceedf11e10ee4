"""An AppServer on Python with the official STS SDK: POST /api/sts as docs/appserver.md describes it.

    pip install alibabacloud_sts20150401
    ALIBABA_CLOUD_ACCESS_KEY_ID=… ALIBABA_CLOUD_ACCESS_KEY_SECRET=… ALIBABA_CLOUD_ROLE_ARN=… python3 python_server.py

Loopback only: a proxy in front ends TLS and signs users in.
"""

import hashlib
import json
import os
import re
import threading
import uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from alibabacloud_sts20150401.client import Client
from alibabacloud_sts20150401.models import AssumeRoleRequest
from alibabacloud_tea_openapi.models import Config

POLICY = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["vod:CreateUploadVideo", "vod:RefreshUploadVideo", "vod:CreateUploadImage"],
                "Resource": "*",
            }
        ],
    }
)
LARGEST_BODY = 65_536
MOST_TOKENS = 10_000

client = Client(
    Config(
        access_key_id=os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        access_key_secret=os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
        endpoint=os.environ.get("STS_ENDPOINT", "sts.aliyuncs.com"),
        protocol=os.environ.get("STS_PROTOCOL", "https"),
        connect_timeout=3_000,
        read_timeout=5_000,
    )
)


class Refusal(Exception):
    """An answer other than a success."""

    def __init__(self, status, code, message, retry_after=None):
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after


def signed_in_user(headers):
    """Replace this by your own session. Here a reverse proxy on this machine has signed the user in."""
    return headers.get("x-user")


def session_name(user):
    """STS takes 2 to 64 of these characters; any other id appears in ActionTrail as its hash."""
    if re.fullmatch(r"(?!u-)[A-Za-z0-9_.@-]{2,64}", user):
        return user
    return "u-" + hashlib.sha256(user.encode("latin-1")).hexdigest()[:32]


def is_foreign(headers):
    """Whether a page of another site sent this."""
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return True
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")


def assume_role(user):
    try:
        response = client.assume_role(
            AssumeRoleRequest(
                role_arn=os.environ["ALIBABA_CLOUD_ROLE_ARN"],
                role_session_name=session_name(user),
                duration_seconds=3600,
                policy=POLICY,
            )
        )
    except Exception as error:
        raise refusal_of(error) from None
    credentials = response.body and response.body.credentials
    token = {
        "AccessKeyId": credentials and credentials.access_key_id,
        "AccessKeySecret": credentials and credentials.access_key_secret,
        "SecurityToken": credentials and credentials.security_token,
        "Expiration": credentials and credentials.expiration,
    }
    # The SDK takes any 200 for a success.
    if not all(token.values()) or instant(token["Expiration"]) <= now():
        raise Refusal(502, "Upstream.InvalidAnswer", "STS answered without a token")
    return {**token, "RequestId": response.body.request_id}


def refusal_of(error):
    """Of the SDK's error only the code: its message may quote the signed request."""
    code = getattr(error, "code", None)
    status = getattr(error, "status_code", None)
    if not isinstance(code, str) or not re.fullmatch(r"[\w.-]{1,64}", code):
        code = "Upstream.InvalidAnswer"
    if code.startswith("Throttling"):
        return Refusal(429, code, "asked too often", 2)
    refused = isinstance(status, int) and 400 <= status < 500
    return Refusal(500 if refused else 502, code, "STS issued no token")


def now():
    return datetime.now(timezone.utc)


def instant(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


class Tokens:
    """Tokens by user and scope. Requests that overlap share one AssumeRole."""

    def __init__(self):
        self.lock = threading.Lock()
        self.kept = {}

    def get(self, user, scope, rejected):
        with self.lock:
            if len(self.kept) > MOST_TOKENS:
                self.kept.pop(next(iter(self.kept)))
            slot = self.kept.setdefault((user, scope), {"lock": threading.Lock(), "token": None, "until": now()})
        with slot["lock"]:
            token = slot["token"]
            # The first half of its life: a page that asks in the second half wants another one.
            if token is None or token["AccessKeyId"] == rejected or now() >= slot["until"]:
                began = now()
                token = assume_role(user)
                slot["token"] = token
                slot["until"] = began + (instant(token["Expiration"]) - began) / 2
            return token


tokens = Tokens()


def read_body(handler):
    try:
        length = int(handler.headers.get("content-length") or 0)
    except ValueError:
        length = -1
    if not 0 <= length <= LARGEST_BODY:
        handler.close_connection = True
        raise Refusal(413, "InvalidBody", "the body is too large, or has no length")
    text = handler.rfile.read(length)
    try:
        body = json.loads(text) if text else {}
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "InvalidBody", "the body must be a JSON object")
    return body


def answer(handler):
    fields = read_body(handler)
    # The target is compared as it is: one such as `//` is no URL, and harms nobody.
    if handler.path.partition("?")[0] != "/api/sts":
        raise Refusal(404, "NotFound", "no such path")
    if handler.command != "POST":
        raise Refusal(405, "MethodNotAllowed", "ask with POST")
    if is_foreign(handler.headers):
        raise Refusal(403, "ForeignOrigin", "this page may not ask")
    user = signed_in_user(handler.headers)
    if not user:
        raise Refusal(401, "NotSignedIn", "sign in first")
    scope, rejected = fields.get("scope") or "", fields.get("rejected") or ""
    if not isinstance(scope, str) or not isinstance(rejected, str):
        raise Refusal(400, "InvalidBody", "scope and rejected are texts")
    if len(scope.encode()) > 64:
        raise Refusal(400, "InvalidScope", "a scope has at most 64 bytes")
    token = tokens.get(user, scope, rejected)
    # Afterwards: the life that is left counts from here.
    server_time = now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"Code": "Success", **token, "ServerTime": server_time}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Silent connections end.
    timeout = 60

    def handle_any(self):
        status, headers = 200, {}
        try:
            reply = answer(self)
        except Exception as error:
            refusal = error if isinstance(error, Refusal) else Refusal(500, "InternalError", "this server failed")
            status = refusal.status
            reply = {"ErrorCode": refusal.code, "ErrorMessage": refusal.message, "RequestId": str(uuid.uuid4())}
            if refusal.retry_after:
                reply["RetryAfterSeconds"] = refusal.retry_after
                headers["Retry-After"] = str(refusal.retry_after)
            if status == 405:
                headers["Allow"] = "POST"
        body = json.dumps({"StatusCode": status, **reply}).encode()
        self.send_response(status)
        headers |= {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Origin",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = handle_any

    def log_message(self, *args):
        """Targets and headers are strangers' words; log what you need in `answer`."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8789"))), Handler)
    print(json.dumps({"event": "listening", "http": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    server.serve_forever()
