"""Shapes of production in the API. Amounts are strings."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from logbook.api import NoNulMixin, PlainDecimalField
from logbook.notices import words
from production.models import ProductionEntry
from production.services import ProductionInput


class ProductionEntrySerializer(serializers.ModelSerializer[ProductionEntry]):
    """How much of a product was made in a period; 0 says that nothing was."""

    amount = PlainDecimalField(help_text="in `unit`, as it was told")
    amount_kg = PlainDecimalField()
    warnings = serializers.SerializerMethodField()

    class Meta:
        model = ProductionEntry
        fields: Any = [
            "id",
            "factory",
            "product",
            "amount",
            "unit",
            "amount_kg",
            "period_start",
            "period_end",
            "note",
            "warnings",
            "origin",
            "client_id",
            "recorded_by",
            "created_at",
            "last_act",
            "changed_by",
            "changed_at",
            "change_reason",
            "deleted_at",
        ]
        ref_name = "ProductionEntry"

    def get_warnings(self, entry: ProductionEntry) -> list[dict[str, Any]]:
        return [{**found, "message": words(found["code"], found["params"])} for found in entry.warnings]

    def get_fields(self) -> Any:
        fields = super().get_fields()
        for field in fields.values():
            field.read_only = True
        return fields


class _ProductionFields(NoNulMixin, serializers.Serializer[Any]):
    """The fields of an entry that a person gives."""

    product = serializers.CharField(max_length=60, help_text="made_tea, green_leaf; of a mine coal")
    amount = serializers.DecimalField(
        max_digits=16, decimal_places=6, min_value=Decimal(0), help_text="0: nothing made"
    )
    unit = serializers.CharField(max_length=40, required=False, help_text="kg (default) or t")
    timestamp = serializers.DateTimeField(required=False, help_text="names the factory day, when no period is given")
    period_start = serializers.DateTimeField(required=False, allow_null=True)
    period_end = serializers.DateTimeField(required=False, allow_null=True, help_text="exclusive")
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class NewProductionSerializer(_ProductionFields):
    """One entry. The header `Idempotency-Key` (a UUID) makes sending it again safe."""

    factory = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="id")

    class Meta:
        swagger_schema_fields = {
            "example": {
                "factory": 1,
                "timestamp": "2026-11-20T07:30:00+03:00",
                "product": "made_tea",
                "amount": "11500",
                "unit": "kg",
            }
        }

    def to_input(self) -> ProductionInput:
        said = dict(self.validated_data)
        del said["factory"]
        return ProductionInput(**said)


class ProductionCorrectionSerializer(_ProductionFields):
    """What changes, and why. Fields that are left out stay."""

    reason = serializers.CharField(max_length=300, help_text="why; kept in the history")

    class Meta:
        swagger_schema_fields = {
            "example": {"amount": "11050", "reason": "read the scale again"},
            "required": ["reason"],
        }

    def changes(self) -> dict[str, Any]:
        said = {name: value for name, value in self.validated_data.items() if name in self.initial_data}
        del said["reason"]
        return said


class ProductionEventSerializer(serializers.Serializer[Any]):
    """An entry as it stood after one act, from the audit history that the database keeps."""

    happened_at = serializers.DateTimeField(source="pgh_created_at")
    act = serializers.CharField(source="last_act")
    by = serializers.IntegerField(source="changed_by_id", allow_null=True)
    reason = serializers.CharField(source="change_reason")
    product = serializers.CharField()
    amount_kg = PlainDecimalField()
    unit = serializers.CharField()
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField()
    note = serializers.CharField()
    deleted_at = serializers.DateTimeField(allow_null=True)
