"""Swagger and Redoc: the only file that configures drf-yasg.

Both pages need styles that a strict policy forbids, and Redoc a worker from a blob. Only these two pages get them. The
schema is always JSON, made by the serializers that answer; `TrueGenerator` adds what those cannot say.
tests/carbontrack/test_examples.py runs the example of every operation.
"""

from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.views.decorators.cache import never_cache
from drf_yasg import openapi
from drf_yasg.codecs import OpenAPICodecJson
from drf_yasg.generators import OpenAPISchemaGenerator
from drf_yasg.renderers import OpenAPIRenderer
from drf_yasg.views import get_schema_view
from rest_framework.permissions import AllowAny

from lib.negotiation import AnyAcceptNegotiation

DESCRIPTION = """
Readings, factories and devices of Carbon Track.

1. `POST /api/login/` with e-mail (or phone) and password answers a token.
2. Send it with every call: `Authorization: Token <token>`.

Signed in on the pages, you are authorised here already: "Try it out" calls as you.
An integrator writes by a token alone.

Errors have one shape: `{"code", "message", "params", "fields"}`. Programs read `code`; `message` is for people.
400 means a field is wrong, 401 sign in first, 403 your role does not allow it, 404 it is not there or not yours.
Times are ISO 8601 with offset; masses of record are strings with six decimals, physics are numbers.
Any list as a file, whole: add `?as=csv`.

Live: `GET /api/emissions/stream/` answers server-sent events, `event: reading` with a raw row as data; narrow it by
`?factory=`, `?device=` and `?fields=a,b`; send `Last-Event-ID` to get what you missed in the last 15 minutes.
"""

API_INFO = openapi.Info(
    title="Carbon Track API",
    default_version="v1",
    description=f"**SIMULATED DATA - not the real factory**\n{DESCRIPTION}" if settings.DEMO else DESCRIPTION,
    license=openapi.License(name="MIT"),
)


class _Json(OpenAPIRenderer):
    """Always JSON, whatever the Accept header: a browser asks for HTML, but its user wants the file."""

    media_type = "application/json"
    format = ".json"
    codec_class = OpenAPICodecJson


ERROR = {
    "type": "object",
    "required": ["code", "message", "params", "fields"],
    "properties": {
        "code": {"type": "string", "description": "for programs"},
        "message": {"type": "string", "description": "for people, in their language"},
        "params": {"type": "object"},
        "fields": {"type": "object", "description": "field -> its errors, each code, message and params"},
    },
}
LINK = {"type": "string", "format": "uri", "x-nullable": True}


class TrueGenerator(OpenAPISchemaGenerator):
    """Adds what the serializers do not know: the envelope of lists, CSV, the shape of errors."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        schema = super().get_schema(request, public)
        schema["definitions"]["Error"] = ERROR
        operations = [
            operation
            for item in schema["paths"].values()
            for method, operation in item.items()
            if method != "parameters"
        ]
        for operation in operations:
            _complete_answers(operation)
        asked = _names(operation.get("parameters", []) for operation in operations)
        while more := _names(schema["definitions"][name] for name in asked) - asked:
            asked |= more
        for name, definition in schema["definitions"].items():
            _as_answered(definition, keeps_lengths=name in asked)
        return schema


def _complete_answers(operation: Any) -> None:
    for status, answer in operation["responses"].items():
        if status >= "400":
            answer.setdefault("schema", {"$ref": "#/definitions/Error"})
    operation["responses"].setdefault(
        "default", {"description": "any other refusal", "schema": {"$ref": "#/definitions/Error"}}
    )
    for status in {"200", "201"} & set(operation["responses"]):
        rows = operation["responses"][status].get("schema", {})
        if rows.get("type") == "array":
            # Every list has the envelope, also where a view has written `many=True`.
            operation["responses"][status]["schema"] = {
                "type": "object",
                "required": ["next", "previous", "results"],
                "properties": {"next": LINK, "previous": LINK, "results": dict(rows)},
            }
    if any(parameter["name"] == "as" for parameter in operation.get("parameters", [])):
        own = {kind.partition(";")[0] for kind in operation.get("produces", ())}
        operation["produces"] = sorted({*own, "application/json", "text/csv"})


def _names(nodes: Any) -> set[str]:
    """The definitions that anything below refers to."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, dict):
            if "$ref" in node:
                names.add(str(node["$ref"]).rpartition("/")[2])
            names |= _names(node.values())
        elif isinstance(node, (list, tuple)):
            names |= _names(node)
    return names


def _as_answered(node: Any, *, keeps_lengths: bool) -> None:
    """A stored text may be empty, even if a form requires it."""
    if isinstance(node, dict):
        if not keeps_lengths or node.get("readOnly"):
            node.pop("minLength", None)
        for inner in node.values():
            _as_answered(inner, keeps_lengths=keeps_lengths)
    elif isinstance(node, (list, tuple)):
        for inner in node:
            _as_answered(inner, keeps_lengths=keeps_lengths)


_schema_view: Any = get_schema_view(
    API_INFO, public=True, permission_classes=(AllowAny,), authentication_classes=(), generator_class=TrueGenerator
)


class _JsonSchemaView(_schema_view):
    renderer_classes = (_Json,)
    content_negotiation_class = AnyAcceptNegotiation


schema_json = never_cache(_JsonSchemaView.as_view())
_relaxed = csp_update(
    {"style-src": ["'self'", "'unsafe-inline'"], "worker-src": ["'self'", "blob:"], "font-src": ["'self'", "data:"]}
)
swagger_ui = _relaxed(_schema_view.with_ui("swagger", cache_timeout=0))
redoc = _relaxed(_schema_view.with_ui("redoc", cache_timeout=0))
