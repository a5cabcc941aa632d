"""Refuses unknown names, query parameters and keys of a body: 400 with the nearest known name. And texts that Python
reads as a number but no person does.

The operation in the schema says which names are known, so an endpoint accepts what Swagger shows. A misspelt filter
would otherwise answer everything, and a misspelt key would be dropped without a word.
"""

import copy
import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, ClassVar

from django.http import QueryDict
from django.utils.translation import gettext as _
from django_filters import ModelChoiceFilter
from django_filters.rest_framework import DjangoFilterBackend
from drf_yasg import openapi
from drf_yasg.generators import OpenAPISchemaGenerator
from drf_yasg.inspectors import FieldInspector, SwaggerAutoSchema
from drf_yasg.utils import no_body
from rest_framework import serializers
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.views import APIView

from lib.errors import field_error, invalid_fields
from lib.numbers import LONGEST_NUMBER, vanishes
from lib.parameters import AS_CSV, chosen

ALIKE = 0.5  # of difflib: `type` is near `energy_type`, `amount` is not near `unit`
LISTED = 20  # problems in an answer: a list of readings may have one in each
LONGEST_NAME = 60
LONGEST_SUMMARY = 120  # by OpenAPI 2
BODY_METHODS = ("POST", "PUT", "PATCH", "DELETE")
# Answers that every endpoint may give, for the schema.
REFUSALS = {400: "invalid", 401: "not_signed_in", 403: "forbidden", 404: "not_found"}


@dataclass(frozen=True, slots=True)
class Known:
    """What an operation takes: its parameters, each with its choices, and the keys of its body, each with its own
    keys."""

    parameters: Mapping[str, Sequence[str]]
    fields: Mapping[str, Any]
    number_parameters: Collection[str] = ()


NUMBER: Mapping[str, Any] = MappingProxyType({})  # the keys of a field that is a number


_operations: dict[tuple[Any, ...], Known] = {}


class _LeftOut(FieldInspector):
    """What drf-yasg leaves out: the empty text of a choice that may be empty, and that a text is a decimal number."""

    def process_result(self, result: Any, method_name: str, obj: Any, **kwargs: Any) -> Any:
        if isinstance(obj, serializers.ChoiceField) and obj.allow_blank and "" not in result.enum:
            result.enum = ["", *result.enum]
        if isinstance(obj, serializers.DecimalField):
            result.format = openapi.FORMAT_DECIMAL
        return result


class ListSchema(SwaggerAutoSchema):
    """The schema of every operation: lists in pages are also there as a file, and a docstring of one line is a summary.

    A view whose rights are declared may answer each refusal. A view may name `inputs`: what its actions take (None:
    nothing), when that is not what they answer.
    """

    field_inspectors: ClassVar = [_LeftOut, *SwaggerAutoSchema.field_inspectors]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inputs = getattr(self.view, "inputs", {})
        self.action = getattr(self.view, "action", None)
        self.has_input = self.action in inputs
        if self.has_input and self.method in BODY_METHODS:
            self.overrides: Any = {"request_body": inputs[self.action] or no_body} | self.overrides

    def get_query_parameters(self) -> list[openapi.Parameter]:
        parameters: list[openapi.Parameter] = super().get_query_parameters()
        return [*parameters, AS_CSV] if self.should_page() else parameters

    def split_summary_from_description(self, description: str) -> tuple[str | None, str]:
        summary, rest = super().split_summary_from_description(description)
        return (description, "") if summary is None and len(description) < LONGEST_SUMMARY else (summary, rest)

    def get_default_response_serializer(self) -> Any:
        return self.view.serializer_class() if self.has_input else super().get_default_response_serializer()

    def get_default_responses(self) -> dict[str, Any]:
        found: dict[str, Any] = super().get_default_responses()
        # An act on something that is there makes nothing.
        return {"200": found["201"]} if self.has_input and self.action != "create" and "201" in found else found

    def get_response_serializers(self) -> dict[str, Any]:
        found: dict[str, Any] = super().get_response_serializers()
        is_declared = hasattr(self.view, "actions") or getattr(self.view, "access", "") == "signed in"
        return ({str(status): code for status, code in REFUSALS.items()} if is_declared else {}) | found


class KnownNames:
    """Every view of the API begins with this class; tests/carbontrack/test_known_names.py checks it."""

    takes_no_text_for_numbers = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        view: Any = self
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method == "OPTIONS" or not hasattr(view, method.lower()):
            return
        known = known_names(view, method)
        refuse_unknown_parameters(request.query_params, known.parameters)
        for name, choices in known.parameters.items():
            if choices:
                chosen(request.query_params, name, choices)
        given = {name: request.query_params.get(name) for name in known.number_parameters}
        _refuse(_misread_numbers(given, dict.fromkeys(given, NUMBER)))
        if method in BODY_METHODS:
            body = _body(request, known)
            _refuse(_unknown_fields(body, known.fields))
            if not self.takes_no_text_for_numbers:
                _refuse(_misread_numbers(body, known.fields))


class ApiView(KnownNames, APIView):
    """The base of endpoints that are no list of a model."""


def refuse_unknown_parameters(given: QueryDict, known: Collection[str]) -> None:
    """Raises ApiError 400 that names the unknown parameters, each with the nearest known one, and the repeated ones."""
    _refuse(_parameter_problems(given, known))


def unknown_name(name: str, known: Iterable[str], code: str) -> dict[str, Any]:
    by_folded = {known_name.casefold(): known_name for known_name in known}
    near = difflib.get_close_matches(name[:LONGEST_NAME].casefold(), by_folded, n=1, cutoff=ALIKE)
    nearest = by_folded[near[0]] if near else None
    words = [_("%(name)r is unknown here.") % {"name": name[:LONGEST_NAME]}]
    if nearest:
        words.append(_("Did you mean: %(names)s?") % {"names": nearest})
    elif by_folded:
        words.append(_("Known: %(names)s.") % {"names": ", ".join(by_folded.values())})
    return field_error(code, " ".join(words), nearest=nearest, known=list(by_folded.values()))


def _refuse(problems: Iterator[tuple[str, list[Any]]]) -> None:
    if first := {name[:LONGEST_NAME]: errors for name, errors in islice(problems, LISTED)}:
        raise invalid_fields(first)


def _parameter_problems(given: QueryDict, known: Collection[str]) -> Iterator[tuple[str, list[Any]]]:
    for name, values in given.lists():
        if name not in known:
            yield name, [unknown_name(name, known, "unknown_parameter")]
        elif len(values) > 1:  # only the last one would count
            words = _("%(name)s is given %(count)d times; give it once.") % {"name": name, "count": len(values)}
            yield name, [field_error("repeated_parameter", words, count=len(values))]


def _body(request: Request, known: Known) -> Any:
    try:
        return request.data
    except UnsupportedMediaType:
        if known.fields:
            raise
        return None  # an operation without a body: clients send an empty form


def _unknown_fields(data: Any, fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, list[Any]]]:
    if isinstance(data, list):
        for index, item in enumerate(data):
            if isinstance(item, dict):
                yield from _unknown_fields(item, fields, f"{prefix}{index}.")
    elif isinstance(data, Mapping):
        for name in (name for name in data if name not in fields):
            yield f"{prefix}{name}", [unknown_name(str(name), fields, "unknown_field")]
        for name, inner in fields.items():
            if inner and name in data:
                yield from _unknown_fields(data[name], inner, f"{prefix}{name}.")


def _misread_numbers(data: Any, fields: Mapping[str, Any], name: str = "") -> Iterator[tuple[str, list[Any]]]:
    """`1_000`, which Python reads as 1000, and `1e-400`, which it reads as 0."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from _misread_numbers(item, fields, f"{name}.{index}" if name else str(index))
    elif isinstance(data, Mapping):
        for key, inner in fields.items():
            yield from _misread_numbers(data.get(key), inner, f"{name}.{key}" if name else key)
    elif fields is NUMBER and isinstance(data, str) and ("_" in data or vanishes(data)):
        words = _("%(value)s is not a plain number; write it like 1960.5.")
        yield name, [field_error("invalid_number", words % {"value": data[:LONGEST_NUMBER]})]


# --- What the schema says ------------------------------------------------------------------------
def known_names(view: Any, method: str) -> Known:
    """The names of an operation, computed once in a process."""
    key = (type(view), getattr(view, "action", None), method)
    if key not in _operations:
        _operations[key] = _read(view, method)
    return _operations[key]


def _read(view: Any, method: str) -> Known:
    asked = copy.copy(view)
    asked.swagger_fake_view = True
    components = openapi.ReferenceResolver(openapi.SCHEMA_DEFINITIONS, force_init=True)
    generator = OpenAPISchemaGenerator(openapi.Info(title="", default_version=""))
    operation = generator.get_operation(asked, "/", "", method, components, view.request)
    definitions = components[openapi.SCHEMA_DEFINITIONS]
    parameters: dict[str, Sequence[str]] = {}
    fields: dict[str, Any] = {}
    numbers = _ids_in_filters(asked)
    for parameter in operation.parameters:
        if parameter.in_ == openapi.IN_QUERY:
            parameters[parameter.name] = parameter.get("enum", ())
            if _is_number(parameter):
                numbers.add(parameter.name)
        elif parameter.in_ == openapi.IN_FORM:
            fields[parameter.name] = NUMBER if _is_number(parameter) else {}
        elif parameter.in_ == openapi.IN_BODY:
            fields = dict(_fields(parameter.schema, definitions))
    return Known(parameters, fields, numbers & set(parameters))


def _is_number(schema: Any) -> bool:
    return (
        schema.get("type") in (openapi.TYPE_INTEGER, openapi.TYPE_NUMBER)
        or schema.get("format") == openapi.FORMAT_DECIMAL
    )


def _ids_in_filters(view: Any) -> set[str]:
    """The filters by another row's id, which the schema calls texts."""
    filterset = DjangoFilterBackend().get_filterset_class(view, getattr(view, "queryset", None))
    by_name = getattr(filterset, "base_filters", {})
    return {name for name, one in by_name.items() if isinstance(one, ModelChoiceFilter)}


def _fields(schema: Any, definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The keys that a schema takes, and theirs; none where it takes any."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if "items" in schema:
        return _fields(schema["items"], definitions)
    if _is_number(schema):
        return NUMBER
    properties = schema.get("properties", {})
    return {name: _fields(inner, definitions) for name, inner in properties.items() if not inner.get("readOnly")}
