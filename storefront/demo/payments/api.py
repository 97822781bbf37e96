"""Stripe's HTTP interface: who may ask, what was asked, the answer in Stripe's form."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from . import answers, parameters
from .company import Company
from .description import request_validator
from .errors import Refused
from .events import API_VERSION
from .ids import new_id
from .operations import OPERATIONS, Call
from .overdue import catch_up
from .showing import show
from .state import Body


def api(company: Company) -> Blueprint:
    """Return the interface of a company, at the addresses that Stripe's has."""
    blueprint = Blueprint("api", __name__)

    @blueprint.before_app_request
    def authenticate() -> None:
        if _asked():
            g.request_id = new_id("req_", 14)
            _check_key(company.key)

    @blueprint.app_errorhandler(Refused)
    def refuse(refusal: Refused) -> Response:
        return _json(json.dumps(refusal.body, indent=2), refusal.status)

    @blueprint.app_errorhandler(HTTPException)
    def explain(error: HTTPException) -> Response | HTTPException:
        if not _asked():
            return error
        status = error.code or 500
        kind = "api_error" if status >= 500 else "invalid_request_error"
        asked = f"{request.method}: {request.path}"
        return refuse(Refused(f"{error.name} ({asked}).", status=status, kind=kind))

    @blueprint.after_app_request
    def sign(response: Response) -> Response:
        if _asked():
            response.headers["Request-Id"] = g.request_id
            response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", API_VERSION)
            if key := request.headers.get("Idempotency-Key"):
                response.headers["Idempotency-Key"] = key
        return response

    for method, path in OPERATIONS:
        blueprint.add_url_rule(
            re.sub(r"{\w+}", "<id>", path),
            endpoint=f"{method} {path}",
            methods=[method],
            view_func=_view(company, method, path),
            provide_automatic_options=False,
        )
    return blueprint


def _asked() -> bool:
    """Is this request for the interface or the controls, rather than for a page?"""
    return request.path.startswith(("/v1/", "/_test/"))


def _check_key(key: str) -> None:
    given = request.authorization
    if given is None:
        raise Refused("You did not provide an API key.", status=401)
    shown = str(given.token if given.type == "bearer" else given.username)
    if not hmac.compare_digest(shown.encode(), key.encode()):
        raise Refused(f"Invalid API Key provided: {shown[:8]}****{shown[-4:]}", status=401)


def _view(company: Company, method: str, path: str) -> Callable[..., Response]:
    def view(id: str = "") -> Response:
        now = int(company.clock.now())
        text = request.get_data() if method == "POST" else request.query_string
        key = request.headers.get("Idempotency-Key") if method == "POST" else None
        digest = _digest(text)
        with company.state.transaction():
            if key and (kept := answers.stored(company.state, key, digest)):
                response = _json(kept["body"], kept["status"])
                response.headers["Original-Request"] = kept["request_id"]
                response.headers["Idempotent-Replayed"] = "true"
                return response
            catch_up(company.state, company.events, now=now)
            params = parameters.read(text, request_validator(method, path))
            OPERATIONS[method, path].check(params, now)
            asked = {"id": g.request_id, "idempotency_key": key}
            call = Call(company, params, id, request.path, now, asked)
            body, status = _work(call, method, path)
            answer = json.dumps(body, indent=2)
            if key:
                answers.keep(
                    company.state,
                    key,
                    digest,
                    request_id=g.request_id,
                    status=status,
                    body=answer,
                    now=now,
                )
        return _json(answer, status)

    return view


def _digest(text: bytes) -> str:
    """Return what tells this request from another, whatever the order of its parameters."""
    parts = [request.path.encode(), *sorted(text.split(b"&"))]
    return hashlib.sha256(b"&".join(parts)).hexdigest()


def _work(call: Call, method: str, path: str) -> tuple[Body, int]:
    try:
        body = OPERATIONS[method, path].work(call)
        return show(call.company.state, body, call.params.get("expand", [])), 200
    except Refused as refusal:
        return refusal.body, refusal.status


def _json(text: str, status: int) -> Response:
    return Response(text, status, mimetype="application/json")
