"""Swagger and Redoc: the only file that configures drf-yasg.

Both pages need styles that a strict policy forbids, and Redoc a worker from a blob: they, and nothing else,
get them. The schema is always JSON, made by the serializers that answer.
"""

from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.views.decorators.cache import never_cache
from drf_yasg import openapi
from drf_yasg.codecs import OpenAPICodecJson
from drf_yasg.renderers import OpenAPIRenderer
from drf_yasg.views import get_schema_view
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny

DESCRIPTION = """
Readings, factories and devices of Carbon Track.

1. `POST /api/login/` with e-mail (or phone) and password answers a token.
2. Send it with every call: `Authorization: Token <token>`.

Errors have one shape: `{"code", "message", "params", "fields"}`. Programs read `code`; `message` is for people.
400 means a field is wrong, 401 sign in first, 403 your role does not allow it, 404 it is not there or not yours.
Times are ISO 8601 with offset; masses of record are strings with six decimals, physics are numbers.
Any list as a file: add `?as=csv`.

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
    """`.json` whatever the Accept header: browsers ask for HTML and people want the file."""

    media_type = "application/json"
    format = ".json"
    codec_class = OpenAPICodecJson


_schema_view: Any = get_schema_view(
    API_INFO, public=True, permission_classes=(AllowAny,), authentication_classes=()
)


class _OnlyJson(DefaultContentNegotiation):
    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class _JsonSchemaView(_schema_view):
    renderer_classes = (_Json,)
    content_negotiation_class = _OnlyJson


schema_json = never_cache(_JsonSchemaView.as_view())
_relaxed = csp_update(
    {
        "style-src": ["'self'", "'unsafe-inline'"],
        "worker-src": ["'self'", "blob:"],
        "font-src": ["'self'", "data:"],
    }
)
swagger_ui = _relaxed(_schema_view.with_ui("swagger", cache_timeout=0))
redoc = _relaxed(_schema_view.with_ui("redoc", cache_timeout=0))
