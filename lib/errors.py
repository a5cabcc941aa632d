"""One API error shape: {"code", "message", "params", "fields"}; from any exception to a response.

`fields` maps a field to its errors, each {"code", "message", "params"}. `message` is for people, in their
language; programs read `code` and `params`. tests/test_errors.py checks it.
"""

import math
import sys
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from lib import outages

Params = dict[str, Any]
FieldErrors = dict[str, list[dict[str, Any]]]


class ApiError(exceptions.APIException):
    """An error with a code that programs may rely on."""

    def __init__(
        self,
        status_code: int,
        code: str,
        message: str,
        *,
        params: Params | None = None,
        fields: FieldErrors | None = None,
    ) -> None:
        super().__init__(message, code)
        self.status_code = status_code
        self.code, self.message = code, message
        self.params, self.fields = params or {}, fields or {}


class AskedFirst(Exception):
    """Nothing was stored: the answer, 202, asks something first."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__()
        self.body = body


def field_error(code: str, message: str, **params: Any) -> dict[str, Any]:
    return {"code": code, "message": message, "params": params}


def field_errors(errors: Iterable[DjangoValidationError]) -> list[dict[str, Any]]:
    """Django's errors of one field in our shape."""
    return [field_error(error.code or "invalid", " ".join(error.messages)) for error in errors]


def body(code: str, message: str, params: Params | None = None, fields: FieldErrors | None = None) -> dict[str, Any]:
    return {"code": code, "message": str(message), "params": params or {}, "fields": fields or {}}


def invalid(field: str, code: str, message: str, **params: Any) -> ApiError:
    """400 about one field. The message names the field, value, unit, limit and remedy if they apply."""
    return invalid_fields({field: [field_error(code, message, **params)]})


def invalid_fields(fields: FieldErrors) -> ApiError:
    return ApiError(400, "invalid", _("Please correct the named fields."), fields=fields)


def too_often(wait_s: float) -> ApiError:
    """429, after `lib.limits.TooOftenError`."""
    wait = math.ceil(wait_s)
    words = _("Too many tries. Try again in %(minutes)d minutes.") % {"minutes": math.ceil(wait_s / 60)}
    return ApiError(429, "too_many_requests", words, params={"retry_after_s": wait})


def _flatten(detail: Any, prefix: str = "") -> FieldErrors:
    """DRF's nested details as one flat map: lists of objects get names like `items.3.amount`."""
    if isinstance(detail, dict):
        fields: FieldErrors = {}
        for name, inner in detail.items():
            fields |= _flatten(inner, f"{prefix}.{name}" if prefix else str(name))
        return fields
    if isinstance(detail, list) and any(isinstance(item, (dict, list)) for item in detail):
        fields = {}
        for index, item in enumerate(detail):
            fields |= _flatten(item, f"{prefix}.{index}" if prefix else str(index))
        return fields
    items = detail if isinstance(detail, list) else [detail]
    return {prefix: [field_error(getattr(item, "code", "invalid"), str(item)) for item in items]}


def fields_of(exc: exceptions.ValidationError | DjangoValidationError) -> FieldErrors:
    """Errors by field, in the shape of an answer."""
    if isinstance(exc, exceptions.ValidationError):
        fields = _flatten(exc.detail)
    else:
        named = exc.error_dict if hasattr(exc, "error_dict") else {"": exc.error_list}
        fields = {name: field_errors(errors) for name, errors in named.items()}
    return {("non_field_errors" if name in ("", "__all__") else name): errors for name, errors in fields.items()}


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: gives every expected exception of an endpoint the same shape. Others stay 500s."""
    if isinstance(exc, (exceptions.ValidationError, DjangoValidationError)):
        exc = invalid_fields(fields_of(exc))
    if isinstance(exc, ApiError):
        wait_s = exc.params.get("retry_after_s")
        headers = {"Retry-After": str(wait_s)} if wait_s else {}
        response = Response(
            body(exc.code, exc.message, exc.params, exc.fields), status=exc.status_code, headers=headers
        )
    elif isinstance(exc, AskedFirst):
        response = Response(exc.body, status=202)
    elif isinstance(exc, Http404):
        response = Response(body("not_found", _("This does not exist, or you may not see it.")), status=404)
    elif isinstance(exc, PermissionDenied):
        response = Response(body("forbidden", _("Your role does not allow this.")), status=403)
    elif isinstance(exc, RequestDataTooBig):
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        words = _("The body is larger than %(limit)d bytes: send it in parts.") % {"limit": limit}
        response = Response(body("too_large", words, {"limit": limit}), status=413)
    elif isinstance(exc, exceptions.APIException):
        response = _from_drf(exc)
    elif isinstance(exc, outages.DATABASE_AWAY):
        headers = {"Retry-After": str(outages.RETRY_AFTER_S)}
        response = Response(body(*_database_away(exc)), status=503, headers=headers)
    else:
        return None
    set_rollback()
    return response


def _from_drf(exc: exceptions.APIException) -> Response:
    code = {401: "not_signed_in", 403: "forbidden", 405: "method_not_allowed", 429: "too_many_requests"}.get(
        exc.status_code, str(exc.default_code)
    )
    if isinstance(exc, exceptions.AuthenticationFailed):
        code = "invalid_token"
    headers: dict[str, str] = {}
    params: Params = {}
    message = str(exc.detail)
    if isinstance(exc, exceptions.PermissionDenied):
        message = _("Your role does not allow this.")
    if wait_s := getattr(exc, "wait", None):
        params["retry_after_s"] = math.ceil(wait_s)
        headers["Retry-After"] = str(math.ceil(wait_s))
    if header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = header
    return Response(body(code, message, params), status=exc.status_code, headers=headers)


def json_error(
    status_code: int, code: str, message: str, params: Params | None = None, fields: FieldErrors | None = None
) -> JsonResponse:
    """The same shape outside DRF: streams, metrics."""
    return JsonResponse(body(code, message, params, fields), status=status_code)


@csrf_exempt  # a POST to a wrong address gets our 404, not a 403 about CSRF
def api_not_found(request: HttpRequest) -> JsonResponse:
    """Answers any unknown path below /api/."""
    return json_error(404, "not_found", _("There is no such address in the API. See /api/schema/swagger-ui/."))


# --- Outside DRF: middleware, pages, streams ---------------------------------------------------
def plain_refusal(
    request: HttpRequest, status_code: int, code: str, message: str, params: Params | None = None
) -> HttpResponse:
    """The shape below /api/, elsewhere a page that needs neither request nor database."""
    if request.path.startswith("/api/"):
        response: HttpResponse = json_error(status_code, code, message, params)
    else:
        response = HttpResponse(render_to_string("refused.html", {"message": message}), status=status_code)
    if params and "retry_after_s" in params:
        response["Retry-After"] = str(params["retry_after_s"])
    response["Cache-Control"] = "no-store"
    return response


def _database_away(error: Exception) -> tuple[str, str, Params]:
    outages.note(error)
    words = _("The database does not answer at the moment. Try again in some seconds.")
    return "database_unavailable", words, {"retry_after_s": outages.RETRY_AFTER_S}


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: every exception that nothing else has answered."""
    error = sys.exc_info()[1]
    if isinstance(error, outages.DATABASE_AWAY):
        return plain_refusal(request, 503, *_database_away(error))
    if request.path.startswith("/api/"):
        return json_error(500, "server_error", _("The server made an error. Its operator finds it in the log."))
    return HttpResponse(render_to_string("500.html"), status=500)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400: a host name that is not ours, too many form fields."""
    return plain_refusal(request, 400, "bad_request", _("The request cannot be read."))
