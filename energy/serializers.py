"""Shapes of energy in the API. Amounts and masses are strings; how an amount is valued is in `services.py`."""

from decimal import Decimal
from typing import Any

from drf_yasg.utils import swagger_serializer_method
from rest_framework import serializers

from energy.choices import EntryKind
from energy.models import EmissionFactor, EnergyEntry, EnergyType
from energy.services import EntryInput
from logbook.api import NoNulMixin, PlainDecimalField
from logbook.notices import words


class EnergyTypeSerializer(serializers.ModelSerializer[EnergyType]):
    """What can be logged, and in which unit people usually do."""

    class Meta:
        model = EnergyType
        fields: Any = [
            "code",
            "name",
            "aliases",
            "carrier",
            "unit_family",
            "default_unit",
            "scope",
            "is_biogenic",
            "is_wood",
        ]
        ref_name = "EnergyType"


class EmissionFactorSerializer(serializers.ModelSerializer[EmissionFactor]):
    """One factor: kilograms of a gas a unit, where it comes from and between which days it holds."""

    energy_type = serializers.CharField(source="energy_type.code")
    value = PlainDecimalField(help_text="in `unit`: kg of the gas a unit of energy")
    kg_per_unit = PlainDecimalField(allow_null=True)
    ncv_gj_per_t = PlainDecimalField(allow_null=True, help_text="net calorific value")
    gj_per_unit = PlainDecimalField(allow_null=True)
    gas_kg_per_tj = PlainDecimalField(allow_null=True)
    inherent_kg_per_unit = PlainDecimalField(help_text="gas that the fuel itself holds and the flame lets pass")

    class Meta:
        model = EmissionFactor
        fields: Any = [
            "id",
            "organisation",
            "energy_type",
            "gas",
            "value",
            "unit",
            "country",
            "set_name",
            "version",
            "is_default",
            "factor_type",
            "basis",
            "valid_from",
            "valid_to",
            "kg_per_unit",
            "ncv_gj_per_t",
            "gj_per_unit",
            "gas_kg_per_tj",
            "inherent_kg_per_unit",
            "source",
            "publication",
            "confidence",
            "note",
        ]
        ref_name = "EmissionFactor"


class FactorUsedSerializer(serializers.Serializer[EmissionFactor]):
    """A factor that an entry was valued by, in short; the whole of it under /api/emission-factors/."""

    id = serializers.IntegerField()
    gas = serializers.CharField()
    value = PlainDecimalField()
    unit = serializers.CharField()
    set_name = serializers.CharField()
    version = serializers.IntegerField()
    country = serializers.CharField()
    basis = serializers.CharField()
    valid_from = serializers.DateField()
    source: Any = serializers.CharField()


class EnergyEntrySerializer(serializers.ModelSerializer[EnergyEntry]):
    """An entry with what it emitted, and by which factors. Results are null unless `kind` is `used`."""

    energy_type = serializers.CharField(source="energy_type.code")
    amount = PlainDecimalField()
    factor_amount = PlainDecimalField(allow_null=True, help_text="the amount in the unit of the factor")
    moisture_fraction = PlainDecimalField(allow_null=True)
    factor = FactorUsedSerializer(allow_null=True)
    ch4_factor = serializers.IntegerField(source="ch4_factor_id", allow_null=True, help_text="id of the CH4 factor")
    n2o_factor = serializers.IntegerField(source="n2o_factor_id", allow_null=True, help_text="id of the N2O factor")
    warnings = serializers.SerializerMethodField()
    meter_from = serializers.IntegerField(
        source="meter_from_id", allow_null=True, help_text="id of the reading that this use is counted from"
    )
    meter_to = serializers.IntegerField(
        source="meter_to_id", allow_null=True, help_text="id of the reading that it is counted to"
    )
    consumption = serializers.SerializerMethodField(
        help_text="of a meter reading: id of the entry for what was used since the reading before"
    )

    class Meta:
        model = EnergyEntry
        fields: Any = [
            "id",
            "factory",
            "timestamp",
            "energy_type",
            "amount",
            "unit",
            "kind",
            "period_start",
            "period_end",
            "source",
            "cost",
            "currency",
            "moisture_fraction",
            "moisture_is_default",
            "note",
            "scope",
            "co2e_kg",
            "biogenic_co2_kg",
            "co2_kg",
            "ch4_kg",
            "n2o_kg",
            "energy_gj",
            "factor_amount",
            "factor",
            "ch4_factor",
            "n2o_factor",
            "factor_set",
            "gwp_set",
            "method_version",
            "warnings",
            "meter_restarted",
            "meter_from",
            "meter_to",
            "consumption",
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
        ref_name = "EnergyEntry"

    def get_warnings(self, entry: EnergyEntry) -> list[dict[str, Any]]:
        return [{**found, "message": words(found["code"], found["params"])} for found in entry.warnings]

    @swagger_serializer_method(serializers.IntegerField(allow_null=True))
    def get_consumption(self, entry: EnergyEntry) -> int | None:
        derived = getattr(entry, "consumption", None)
        return derived.pk if derived is not None and derived.deleted_at is None else None

    def get_fields(self) -> Any:
        fields = super().get_fields()
        for field in fields.values():
            field.read_only = True
        return fields


class _EntryFields(NoNulMixin, serializers.Serializer[Any]):
    """The fields of an entry that a person gives."""

    energy_type = serializers.CharField(max_length=60, help_text="code, name or alias: firewood, Firewood, kuni")
    amount = serializers.DecimalField(max_digits=18, decimal_places=6, min_value=Decimal(0))
    unit = serializers.CharField(max_length=40, help_text="kg, t, L, m3, stere, kWh, MWh, GJ, or a local unit")
    timestamp = serializers.DateTimeField(required=False, help_text="default: period_start")
    period_start = serializers.DateTimeField(
        required=False, allow_null=True, help_text="default of a use: the factory day of timestamp"
    )
    period_end = serializers.DateTimeField(required=False, allow_null=True, help_text="exclusive")
    kind = serializers.ChoiceField(choices=EntryKind.choices, default=EntryKind.USED)
    source: Any = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**31 - 1, help_text="id of an emission source"
    )
    cost = serializers.DecimalField(
        max_digits=16, decimal_places=2, required=False, allow_null=True, min_value=Decimal(0)
    )
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", required=False, allow_blank=True, help_text="ISO 4217, KES")
    moisture_fraction = serializers.DecimalField(
        max_digits=4, decimal_places=3, required=False, allow_null=True, help_text="of wood, wet basis; default 0.30"
    )
    factor_set = serializers.CharField(
        max_length=40, required=False, allow_blank=True, help_text="default: the set in force"
    )
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)
    meter_restarted = serializers.BooleanField(
        required=False, help_text="of a meter reading: the first of a new meter, or of one set back"
    )


class NewEntrySerializer(_EntryFields):
    """One entry. The header `Idempotency-Key` (a UUID) makes sending it again safe."""

    factory = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="id")

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

    def to_input(self) -> EntryInput:
        said = dict(self.validated_data)
        del said["factory"]
        return EntryInput(source_id=said.pop("source", None), **said)


class CorrectionSerializer(_EntryFields):
    """What changes, and why. Fields that are left out stay."""

    reason = serializers.CharField(max_length=300, help_text="why; kept in the history")
    factory = serializers.IntegerField(required=False, read_only=True)

    class Meta:
        swagger_schema_fields = {
            "example": {"amount": "22", "reason": "counted the stack again"},
            "required": ["reason"],
        }

    def changes(self) -> dict[str, Any]:
        said = {name: value for name, value in self.validated_data.items() if name in self.initial_data}
        del said["reason"]
        if "source" in said:
            said["source_id"] = said.pop("source")
        return said


class EntryEventSerializer(serializers.Serializer[Any]):
    """An entry as it stood after one act, from the audit history that the database keeps."""

    happened_at = serializers.DateTimeField(source="pgh_created_at")
    act = serializers.CharField(source="last_act")
    by = serializers.IntegerField(source="changed_by_id", allow_null=True)
    reason = serializers.CharField(source="change_reason")
    energy_type = serializers.CharField(source="energy_type.code")
    amount = PlainDecimalField()
    unit = serializers.CharField()
    period_start = serializers.DateTimeField(allow_null=True)
    period_end = serializers.DateTimeField(allow_null=True)
    kind = serializers.CharField()
    co2e_kg = serializers.DecimalField(max_digits=26, decimal_places=6, allow_null=True)
    biogenic_co2_kg = serializers.DecimalField(max_digits=26, decimal_places=6, allow_null=True)
    factor = serializers.IntegerField(source="factor_id", allow_null=True)
    deleted_at = serializers.DateTimeField(allow_null=True)
