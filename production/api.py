"""/api/production/: what a site made, and its shapes. The shared API of all logs is in `logbook/api.py`."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers

from accounts.roles import Action
from factories.choices import Product
from lib.decimals import plain
from logbook.api import (
    EntryFields,
    EntrySerializer,
    EventSerializer,
    PlainDecimalField,
    ReasonSerializer,
    ToFactory,
    entry_filter,
)
from logbook.sheets.api import SheetUpload, SheetViewSet
from production.models import ProductionEntry, in_unit
from production.services import production_log
from production.sheets import ProductionSheet


class ProductionEntrySerializer(EntrySerializer):
    """How much of a product was made in a period; 0 says that nothing was."""

    amount_kg = PlainDecimalField()

    class Meta(EntrySerializer.Meta):
        model = ProductionEntry
        ref_name = "ProductionEntry"


class ProductionFields(EntryFields):
    product = serializers.CharField(max_length=60, help_text="made_tea, green_leaf; of a mine coal")
    unit = serializers.CharField(max_length=40, required=False, help_text="kg (default) or t")


class NewProductionSerializer(ToFactory, ProductionFields):
    """One entry. With the header `Idempotency-Key` (a UUID) it is safe to send it again."""

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


class ProductionCorrectionSerializer(ReasonSerializer, ProductionFields):
    """The changed fields, and the reason. Fields that are left out stay."""

    class Meta:
        swagger_schema_fields = {
            "example": {"amount": "11050", "reason": "read the scale again"},
            "required": ["reason"],
        }


class ProductionEventSerializer(EventSerializer):
    product = serializers.CharField()
    amount = serializers.SerializerMethodField(help_text="in `unit`, as entered")
    amount_kg = PlainDecimalField()

    def get_amount(self, event: Any) -> str:
        return plain(in_unit(event.amount_kg, event.unit))


class ProductionUpload(SheetUpload):
    product = serializers.CharField(max_length=60)
    unit = serializers.CharField(max_length=40, default="kg")


class ProductionViewSet(SheetViewSet):
    """Made tea, green leaf, coal. Corrections and deletions need a reason and stay visible."""

    log = production_log
    reads, writes = Action.VIEW_PRODUCTION, Action.WRITE_PRODUCTION
    queryset = production_log.entries().order_by("-period_start", "-id")
    serializer_class = ProductionEntrySerializer
    new_class, correction_class = NewProductionSerializer, ProductionCorrectionSerializer
    event_class = ProductionEventSerializer
    sheet_class, upload_class = ProductionSheet, ProductionUpload
    filterset_class = entry_filter("period_start", product=filters.ChoiceFilter(choices=Product.choices))
