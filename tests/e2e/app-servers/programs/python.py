"""AppServers as they are commonly written with Flask, FastAPI and Django. `python.py NAME` prints its port."""

import datetime
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

COUNT = 0


def assume_role():
    """What STS answers; its calls are signed elsewhere."""
    global COUNT
    COUNT += 1
    return {"AccessKeyId": f"STS.python{COUNT}", "AccessKeySecret": "secret", "SecurityToken": f"CAIS{COUNT}"}


def local_time(**delta):
    """`isoformat() + "Z"` of local time, which the literal makes a lie."""
    return (datetime.datetime.now() + datetime.timedelta(**delta)).isoformat() + "Z"


def flask_app():
    from flask import Flask, abort, jsonify, request
    from flask_wtf import CSRFProtect
    from flask_wtf.csrf import generate_csrf

    app = Flask(__name__)
    app.config.update(SECRET_KEY="a", WTF_CSRF_CHECK_DEFAULT=False)
    protect = CSRFProtect(app)
    kept = {}

    @app.post("/sts")
    def sts():
        return jsonify(assume_role() | {"Expiration": local_time(hours=1)})

    @app.post("/cached")
    def cached():
        return jsonify(kept.setdefault("alice", assume_role()))

    @app.post("/abort")
    def abort_400():
        return "Bad Request", 400

    @app.post("/bad-request")
    def bad_request():
        abort(400)

    @app.get("/get-only")
    def get_only():
        return jsonify(assume_role())

    @app.get("/csrf-token")
    def token():
        return generate_csrf()

    @app.post("/protected")
    def protected():
        protect.protect()
        return jsonify(assume_role() | {"expires_in": 3600})

    @app.post("/json")
    def json_only():
        # Answers 415 where the body is of another type, as a Spring @RequestBody does.
        return jsonify(assume_role() | {"why": request.get_json().get("reason", "")})

    return app


def django_app():
    import django
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import JsonResponse
    from django.middleware.csrf import get_token
    from django.urls import path

    def sts(request):
        return JsonResponse(assume_role() | {"Expiration": "2999-01-01T00:00:00Z", "DurationSeconds": 3600})

    urls = [path("protected", sts), path("csrf-token", lambda request: JsonResponse(get_token(request), safe=False))]
    settings.configure(
        SECRET_KEY="a",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=type("urls", (), {"urlpatterns": urls}),
        MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
        LOGGING_CONFIG=None,
    )
    django.setup()
    return get_wsgi_application()


def serve_fastapi():
    import socket

    import uvicorn
    from fastapi import FastAPI, Header, HTTPException
    from pydantic import BaseModel

    app = FastAPI()

    class Body(BaseModel):
        reason: str

    @app.post("/sts")
    def sts(authorization: str | None = Header(None)):
        if authorization is None:
            raise HTTPException(401, "Not authenticated")
        return {"success": True, "result": assume_role() | {"expireDate": local_time(hours=1)[:-1]}}

    @app.get("/get-only")
    def get_only():
        return assume_role()

    @app.post("/role")
    def role():
        raise HTTPException(403, {"code": "NoPermission", "message": "You are not authorized to do this action."})

    @app.post("/body")
    def body(body: Body):
        return assume_role()

    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listening])


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


if sys.argv[1] == "fastapi":
    serve_fastapi()
else:
    application = {"flask": flask_app, "django": django_app}[sys.argv[1]]()
    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
        print(server.server_port, flush=True)
        server.serve_forever()
