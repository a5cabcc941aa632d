"""/api/energy-entries/ and its shapes. The shared API of all logs is in `logbook/api.py`, factors are in
`factor_api.py`."""

from typing import Any

from django_filters import rest_framework as filters
from drf_yasg.utils import swagger_serializer_method
from rest_framework import serializers

from accounts.roles import Action
from energy.choices import EntryKind, Instrument
from energy.factor_api import FactorUsedSerializer, OfEnergyType
from energy.models import EnergyEntry
from energy.services import energy_log
from energy.sheets import EnergySheet
from logbook.api import (
    AmountField,
    EntryFields,
    EntrySerializer,
    EventSerializer,
    PlainDecimalField,
    ReasonSerializer,
    ToFactory,
    entry_filter,
)
from logbook.sheets.api import ImportResultSerializer, SheetUpload, SheetViewSet


class EnergyEntrySerializer(EntrySerializer):
    """An entry with what it emitted, and by which factors. Results are null unless `kind` is `used`."""

    energy_type = serializers.CharField(source="energy_type.code")
    factor_amount = PlainDecimalField(allow_null=True, help_text="the amount in the unit of the factor")
    moisture_fraction = PlainDecimalField(allow_null=True)
    supplier_factor_kgco2e_per_kwh = PlainDecimalField(allow_null=True)
    instrument = serializers.CharField(help_text="of kind market: contract or certificate; else empty")
    factor = FactorUsedSerializer(allow_null=True)
    ch4_factor = serializers.IntegerField(source="ch4_factor_id", allow_null=True, help_text="id of the CH4 factor")
    n2o_factor = serializers.IntegerField(source="n2o_factor_id", allow_null=True, help_text="id of the N2O factor")
    meter_from = serializers.IntegerField(
        source="meter_from_id", allow_null=True, help_text="id of the reading that this use is counted from"
    )
    meter_to = serializers.IntegerField(
        source="meter_to_id", allow_null=True, help_text="id of the reading that it is counted to"
    )
    consumption = serializers.SerializerMethodField(
        help_text="of a meter reading: id of the entry for what was used since the reading before"
    )

    class Meta(EntrySerializer.Meta):
        model = EnergyEntry
        ref_name = "EnergyEntry"

    @swagger_serializer_method(serializers.IntegerField(allow_null=True))
    def get_consumption(self, entry: EnergyEntry) -> int | None:
        derived = getattr(entry, "consumption", None)
        return derived.pk if derived is not None and derived.deleted_at is None else None


class EnergyFields(EntryFields):
    energy_type = serializers.CharField(max_length=60, help_text="code, name or alias: firewood, Firewood, kuni")
    unit = serializers.CharField(max_length=40, help_text="kg, t, L, m3, stere, kWh, MWh, GJ, or a local unit")
    kind = serializers.ChoiceField(choices=EntryKind.choices, default=EntryKind.USED)
    source: Any = serializers.IntegerField(
        source="source_id",
        required=False,
        allow_null=True,
        min_value=1,
        max_value=2**31 - 1,
        help_text="id of an emission source",
    )
    cost = AmountField(max_digits=16, decimal_places=2, required=False, allow_null=True)
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", required=False, allow_blank=True, help_text="ISO 4217, KES")
    moisture_fraction = AmountField(
        max_digits=4,
        decimal_places=3,
        min_value=None,  # the log says what it may be
        required=False,
        allow_null=True,
        help_text="of wood, wet basis; default: that of the set or the site, else 0.30",
    )
    factor_set = serializers.CharField(
        max_length=40, required=False, allow_blank=True, help_text="default: the set in force"
    )
    instrument = serializers.ChoiceField(
        choices=Instrument.choices, required=False, allow_blank=True, help_text="of kind market: contract, certificate"
    )
    supplier_factor_kgco2e_per_kwh = AmountField(
        max_digits=12, required=False, allow_null=True, help_text="of kind market: what the supplier states"
    )
    evidence = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="of kind market: number of the contract, registry"
    )
    meter_restarted = serializers.BooleanField(
        required=False, help_text="of a meter reading: the first of a new meter, or of one set back"
    )
    register_digits = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=12,
        help_text="of a meter reading below the one before: the digits after which its register stands at 0 again",
    )


class NewEntrySerializer(ToFactory, EnergyFields):
    """One entry. With the header `Idempotency-Key` (a UUID) it is safe to send it again."""

    class Meta:
        swagger_schema_fields = {
            "example": {
                "factory": 1,
                "timestamp": "2026-11-20T07:30:00+03:00",
                "energy_type": "Firewood",
                "amount": "24",
                "unit": "stere",
            }
        }


class CorrectionSerializer(ReasonSerializer, EnergyFields):
    """The changed fields, and the reason. Fields that are left out stay."""

    class Meta:
        swagger_schema_fields = {
            "example": {"amount": "22", "reason": "counted the stack again"},
            "required": ["reason"],
        }


class EntryEventSerializer(EventSerializer):
    energy_type = serializers.CharField(source="energy_type.code")
    amount = PlainDecimalField()
    kind = serializers.CharField()
    co2e_kg = serializers.DecimalField(max_digits=26, decimal_places=6, allow_null=True)
    biogenic_co2_kg = serializers.DecimalField(max_digits=26, decimal_places=6, allow_null=True)
    factor = serializers.IntegerField(source="factor_id", allow_null=True)


class EnergyUpload(SheetUpload):
    energy_type = serializers.CharField(max_length=60)
    factor_set = serializers.CharField(max_length=40, required=False, help_text="default: the set in force")
    source: Any = serializers.IntegerField(source="source_id", required=False, min_value=1, max_value=2**31 - 1)


class EnergyImportSerializer(ImportResultSerializer):
    co2e_kg = serializers.CharField(source="sums.co2e_kg", help_text="of rows stored now")
    biogenic_co2_kg = serializers.CharField(source="sums.biogenic_co2_kg", help_text="of rows stored now")


class EnergyEntryViewSet(SheetViewSet):
    """Energy used, received, counted and read from meters. Corrections and deletions need a reason and stay visible."""

    log = energy_log
    reads, writes = Action.VIEW_ENERGY, Action.WRITE_ENERGY
    queryset = energy_log.entries().order_by("-timestamp", "-id")
    serializer_class = EnergyEntrySerializer
    new_class, correction_class, event_class = NewEntrySerializer, CorrectionSerializer, EntryEventSerializer
    sheet_class, upload_class, result_class = EnergySheet, EnergyUpload, EnergyImportSerializer
    filterset_class = entry_filter(
        "timestamp",
        energy_type=OfEnergyType(),
        kind=filters.ChoiceFilter(choices=EntryKind.choices),
        scope=filters.NumberFilter(min_value=1, max_value=3),
        source=filters.NumberFilter(field_name="source_id", min_value=1, max_value=2**31 - 1),
    )
