"""An AppServer on Python with the official STS SDK: POST /api/sts as docs/appserver.md describes it.

    pip install alibabacloud_sts20150401
    export ALIBABA_CLOUD_ACCESS_KEY_ID=… ALIBABA_CLOUD_ACCESS_KEY_SECRET=… ALIBABA_CLOUD_ROLE_ARN=…
    HOSTS=www.example.com python3 python_server.py

Loopback only: a proxy in front ends TLS and signs users in.
"""

import hashlib
import ipaddress
import json
import math
import os
import re
import threading
import time
import uuid
from concurrent.futures import Future
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
# How often a minute a user may ask, and how often a second STS is asked: the account has 100.
REQUESTS_PER_MINUTE = 30
STS_PER_SECOND = 50
# The names of the site, as its pages ask for it, with commas.
HOSTS = re.split(r"[\s,]+", os.environ.get("HOSTS", "").lower())

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
    return only(headers, "x-user")


def only(headers, name):
    """The header, if it is there once: of two nobody knows which one the proxy wrote."""
    values = headers.get_all(name, [])
    return values[0] if len(values) == 1 else None


def session_name(user):
    """STS takes 2 to 64 of these characters; any other id appears in ActionTrail as its hash."""
    if re.fullmatch(r"(?!u-)[A-Za-z0-9_.@-]{2,64}", user):
        return user
    return "u-" + hashlib.sha256(user.encode("latin-1")).hexdigest()[:32]


def is_known(host):
    """Whether this server may be asked under `host`.

    A page of a stranger's domain whose name was made to lead here (DNS rebinding) is no foreign page to its browser.
    An address and `localhost` need no name server.
    """
    name = re.sub(r":\d+$", "", (host or "").lower())
    try:
        ipaddress.ip_address(re.sub(r"^\[(.*)\]$", r"\1", name))
        return True
    except ValueError:
        return name == "localhost" or (name != "" and name in HOSTS)


def is_foreign(headers):
    """Whether a page of another site sent this."""
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return True
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")


class Buckets:
    """Each holds `burst` requests, and fills again within `period` seconds."""

    def __init__(self):
        self.lock = threading.Lock()
        self.levels = {}

    def take(self, name, burst, period):
        with self.lock:
            moment = time.monotonic()
            left, at = self.levels.get(name, (burst, moment))
            level = min(burst, left + (moment - at) * burst / period)
            if level < 1:
                wait = math.ceil((1 - level) * period / burst)
                raise Refusal(429, "Throttling.User", "asked too often", wait)
            self.levels.pop(name, None)
            self.levels[name] = (level - 1, moment)
            # Those in front were not used for longest. One that is full again need not be remembered.
            while moment - self.levels[oldest := next(iter(self.levels))][1] >= 60:
                del self.levels[oldest]


buckets = Buckets()


def assume_role(user):
    # All users together.
    buckets.take("sts", STS_PER_SECOND, 1)
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
    """Tokens by user and scope. Requests that overlap share one AssumeRole, and its failure."""

    def __init__(self):
        self.lock = threading.Lock()
        self.kept = {}

    def get(self, user, scope, rejected):
        with self.lock:
            answer = self.kept.get((user, scope))
            asks = answer is None or (answer.done() and not is_good(answer, rejected))
            if asks:
                self.kept.pop((user, scope), None)
                answer = self.kept[user, scope] = Future()
                if len(self.kept) > MOST_TOKENS:
                    self.kept.pop(next(iter(self.kept)))
        if asks:
            try:
                began = now()
                token = assume_role(user)
                answer.set_result((token, began + (instant(token["Expiration"]) - began) / 2))
            except Exception as error:
                answer.set_exception(error)
        return answer.result()[0]


def is_good(answer, rejected):
    """Whether the token is in the first half of its life: a page that asks in the second half wants another one."""
    if answer.exception():
        return False
    token, until = answer.result()
    return token["AccessKeyId"] != rejected and now() < until


tokens = Tokens()


def read_body(handler):
    try:
        return read_bytes(handler.headers, handler.rfile)
    except ValueError:
        # Where the next request begins is not known.
        handler.close_connection = True
        raise Refusal(413, "InvalidBody", "the body is too large, or its length cannot be read") from None
    except TimeoutError:
        handler.close_connection = True
        raise Refusal(408, "InvalidBody", "the body came too slowly") from None


def read_bytes(headers, stream):
    lengths, codings = headers.get_all("content-length", []), headers.get_all("transfer-encoding", [])
    if not lengths and not codings:
        return b""
    if len(lengths) == 1 and not codings and re.fullmatch(r"[0-9]{1,9}", lengths[0].strip()):
        return exactly(stream, int(lengths[0]))
    if not lengths and [coding.lower() for coding in codings] == ["chunked"]:
        return read_chunks(stream)
    raise ValueError


def read_chunks(stream):
    """A proxy that does not wait for the end of a body does not know its length."""
    body = b""
    while True:
        head = re.fullmatch(rb"([0-9A-Fa-f]{1,8})(;.*)?\r\n", stream.readline(1_000))
        if not head:
            raise ValueError
        chunk = exactly(stream, int(head[1], 16))
        if exactly(stream, 2) != b"\r\n" or len(body) + len(chunk) > LARGEST_BODY:
            raise ValueError
        if not chunk:
            return body
        body += chunk


def exactly(stream, length):
    text = stream.read(length) if length <= LARGEST_BODY else b""
    if len(text) != length:
        raise ValueError
    return text


def parse(text):
    try:
        body = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "InvalidBody", "the body must be a JSON object")
    return body


def answer(handler):
    # First, also of a request that is refused: the next one begins behind it.
    text = read_body(handler)
    # The target is compared as it is: one such as `//` is no URL, and harms nobody.
    if handler.path.partition("?")[0] != "/api/sts":
        raise Refusal(404, "NotFound", "no such path")
    if not is_known(only(handler.headers, "host")):
        raise Refusal(421, "UnknownHost", "this server has another name")
    if handler.command != "POST":
        raise Refusal(405, "MethodNotAllowed", "ask with POST")
    if is_foreign(handler.headers):
        raise Refusal(403, "ForeignOrigin", "this page may not ask")
    user = signed_in_user(handler.headers)
    if not user:
        raise Refusal(401, "NotSignedIn", "sign in first")
    buckets.take(("user", user), REQUESTS_PER_MINUTE, 60)
    fields = parse(text)
    scope, rejected = fields.get("scope") or "", fields.get("rejected") or ""
    if not isinstance(scope, str) or not isinstance(rejected, str):
        raise Refusal(400, "InvalidBody", "scope and rejected are texts")
    if len(scope.encode(errors="replace")) > 64:
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
