"""What the APIs of logged entries share, energy and production: the key of a double tap, reasons, notices, dates."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_yasg import openapi
from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import User
from accounts.permissions import visible_to
from factories.models import Factory
from lib.decimals import plain
from lib.errors import ApiError, invalid

NUL = "\x00"
IDEMPOTENCY_KEY = openapi.Parameter(
    "Idempotency-Key",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    format=openapi.FORMAT_UUID,
    description="a UUID: the same key and body again answers the same entry, another body 409",
)
REFUSALS = {400: "invalid", 401: "not_signed_in", 403: "forbidden", 404: "not_found"}


# --- Requests ----------------------------------------------------------------------------------
def user_of(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


def object_of(request: Request) -> Any:
    """The body, which is one object. Raises ApiError 400 for anything else."""
    if not isinstance(request.data, dict):
        raise invalid("non_field_errors", "invalid_shape", _("Send one object."))
    return request.data


def client_id_of(request: Request) -> UUID | None:
    """The header `Idempotency-Key`. Raises ApiError 400 when it is no UUID."""
    text = request.headers.get("Idempotency-Key", "").strip()
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise ApiError(
            400,
            "invalid",
            _("Please correct the fields named."),
            fields={
                "Idempotency-Key": [
                    {"code": "invalid", "message": _("Idempotency-Key=%r is no UUID.") % text[:60], "params": {}}
                ]
            },
        ) from None


def asks_for_deleted(request: Request) -> bool:
    return request.query_params.get("deleted", "").lower() in ("true", "1")


def visible_factories(request: Request | None) -> QuerySet[Factory]:
    """Choices of the filter `factory`: one out of scope is as unknown as one that does not exist."""
    # No request while the schema is written.
    if request is None:
        return Factory.objects.none()
    return visible_to(request.user, Factory.objects.all(), factory_path="")


# --- Shapes ------------------------------------------------------------------------------------
class PlainDecimalField(serializers.DecimalField):
    """A decimal without the zeros that its column is filled up with: 1.7472, not 1.747200000000."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=options.pop("max_digits", None), decimal_places=None, **options)

    def to_representation(self, value: Any) -> Any:
        return plain(Decimal(value))


class NoNulMixin:
    """PostgreSQL takes no NUL in a text."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name, value in attrs.items():
            if isinstance(value, str) and NUL in value:
                raise serializers.ValidationError({name: _("A text has no NUL character.")})
        return attrs


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300, help_text="why; kept in the history")

    class Meta:
        swagger_schema_fields = {"example": {"reason": "logged twice"}}
