"""Shapes of figures and targets in the API. Decimals are strings."""

from typing import Any

from rest_framework import serializers

from compliance.choices import TargetMetric, TargetScope, TargetStatus
from compliance.models import Target
from compliance.queries import UNCERTAIN
from compliance.services import TargetInput
from compliance.targets import line

NUL = "\x00"


class VerdictSerializer(serializers.Serializer[Any]):
    """The verdict of the last 365 factory days on a target."""

    met = serializers.BooleanField(allow_null=True, help_text="null: not enough data, see reason")
    reason = serializers.CharField(help_text="code why met is null; else empty")
    sentence = serializers.CharField(help_text="the same for people")
    actual = serializers.DecimalField(max_digits=26, decimal_places=6, allow_null=True)
    low = serializers.DecimalField(max_digits=26, decimal_places=6, allow_null=True, help_text="of actual, k = 2")
    high = serializers.DecimalField(
        max_digits=26, decimal_places=6, allow_null=True, help_text="of actual; null beside it: at least actual"
    )
    expected = serializers.DecimalField(max_digits=26, decimal_places=6, help_text="where the line is")
    first_day = serializers.DateField()
    last_day = serializers.DateField(help_text="included")
    logged_days = serializers.IntegerField(help_text="on which everything that emits is logged; summed over sites")
    operating_days = serializers.IntegerField()


class TargetSerializer(serializers.ModelSerializer[Target]):
    """A target with its verdict. Absolute ones in t CO2e a year, intensities in kg CO2e per kg (coal: a tonne)."""

    verdict = serializers.SerializerMethodField(help_text="null: the target is ended")
    line = serializers.SerializerMethodField(help_text="the most that is allowed in each year, by year")

    class Meta:
        model = Target
        fields: Any = (
            "id organisation factory name scope metric unit base_year base_value target_year target_value path "
            "gwp_set status verdict line created_at changed_at change_reason ended_at"
        ).split()
        read_only_fields = fields
        ref_name = "Target"

    def get_line(self, target: Target) -> dict[str, str]:
        return {str(year): str(value) for year, value in line(target)}

    def get_verdict(self, target: Target) -> dict[str, Any] | None:
        verdict = self.context.get("verdicts", {}).get(target.pk)
        return VerdictSerializer(verdict).data if verdict else None


class _TargetFields(serializers.Serializer[Any]):
    """What a person enters for a target."""

    metric = serializers.ChoiceField(choices=TargetMetric.choices)
    scope = serializers.ChoiceField(choices=TargetScope.choices, default=TargetScope.BOTH)
    base_year = serializers.IntegerField(min_value=1990, max_value=2099)
    base_value = serializers.DecimalField(max_digits=20, decimal_places=6)
    target_year = serializers.IntegerField(min_value=1991, max_value=2100)
    target_value = serializers.DecimalField(max_digits=20, decimal_places=6)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)


class NewTargetSerializer(_TargetFields):
    """A target of a factory, or of the whole organisation when no factory is given."""

    factory = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**31 - 1, help_text="id; null: the organisation"
    )
    organisation = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="id; default: yours"
    )

    class Meta:
        swagger_schema_fields = {
            "example": {
                "factory": 1,
                "metric": "intensity",
                "base_year": 2025,
                "base_value": "0.120",
                "target_year": 2030,
                "target_value": "0.090",
            }
        }

    def to_input(self) -> TargetInput:
        values = {k: v for k, v in self.validated_data.items() if k not in ("factory", "organisation")}
        return TargetInput(**values)


class TargetChangeSerializer(_TargetFields):
    """What changes, and why; `status` ended ends the target. Fields that are left out stay."""

    reason = serializers.CharField(max_length=300, help_text="why; kept in the history")
    status = serializers.ChoiceField(choices=[(TargetStatus.ENDED.value, TargetStatus.ENDED.label)], required=False)

    class Meta:
        swagger_schema_fields = {
            "example": {"target_value": "0.095", "reason": "board decision of May"},
            "required": ["reason"],
        }

    def changes(self) -> dict[str, Any]:
        names = _TargetFields().fields
        return {k: v for k, v in self.validated_data.items() if k in names and k in self.initial_data}


AMOUNTS = (
    "made_kg green_leaf_kg firewood_kg electricity_kwh heat_gj electricity_gj other_gj scope1_co2e_kg scope2_co2e_kg "
    "scope2_market_co2e_kg methane_co2e_kg co2e_kg biogenic_co2_kg heat_co2_kg heat_measured_co2_kg "
    "heat_carbon_co2_kg stack_co2_kg stack_filled_co2_kg co2e_pair_kg co2e_made_kg co2e_kg_per_kg co2e_kg_per_t "
    "energy_pair_gj energy_made_kg energy_mj_per_kg stack_pair_kg stack_made_kg stack_co2_kg_per_kg wood_pair_kg "
    "wood_made_kg firewood_kg_per_kg power_pair_kwh power_made_kg electricity_kwh_per_kg"
).split()

INTERVALS = tuple(f"{name}_{end}_kg" for name in UNCERTAIN for end in ("low", "high"))


class IntensityRowSerializer(serializers.Serializer[Any]):
    """A factory day or a month: every input beside the result. Null: not logged, or not known; never zero.

    A figure per product is `..._pair` over `..._made_kg`: sums over those days alone on which both are logged for
    80 % of the day. A mine's product is coal.
    """

    factory = serializers.IntegerField()
    period_start = serializers.DateField(help_text="the factory day, or the first day of the month")
    period_end = serializers.DateField(help_text="exclusive")
    known_days = serializers.IntegerField()
    production_days = serializers.IntegerField(help_text="logged for 80 % of the day; likewise heat, electricity")
    heat_days = serializers.IntegerField()
    electricity_days = serializers.IntegerField()
    idle_days = serializers.IntegerField(help_text="every stack proved idle, and no production entry")
    lower_bound_days = serializers.IntegerField(
        help_text="a CO2 sensor was at the end of its range: what the stacks emitted is at least what is given"
    )
    basis = serializers.CharField(allow_null=True, help_text="of the CO2 of heat: measured, fuel or mixed")
    measured_share = serializers.DecimalField(
        max_digits=9, decimal_places=6, allow_null=True, help_text="of the CO2 of heat, 0 to 1"
    )
    gwp_set = serializers.CharField(help_text="of CO2e computed here. mixed: entries differ; empty: no CO2e")
    published_gwp_set = serializers.CharField(
        help_text="of factors that their publisher gives as CO2e, such as a grid's: its own GWP set, whatever yours is"
    )
    scope2_basis = serializers.CharField(help_text="of the electricity factors: direct, life-cycle, mixed; empty: none")
    settling_until = serializers.DateTimeField(
        allow_null=True, help_text="until when what the stacks measured may still change by itself; null: settled"
    )
    settling_because = serializers.CharField(allow_null=True, help_text="running, rolling_up or outstanding")

    stack_substituted_hours = serializers.IntegerField(help_text="of chimneys, partial ones too")
    stack_coverage_pct = serializers.FloatField(
        allow_null=True, help_text="seconds with data of the seconds with a device of record, on days that are over"
    )
    energy_coverage_pct = serializers.FloatField(help_text="of the days begun, those with all energy logged")

    def get_fields(self) -> Any:
        """Also gives the amounts (kg, GJ, kWh), their quotients per product, and the interval (k = 2) of each total.

        No high end beside a total: it is at least that much.
        """
        names = [*AMOUNTS, *INTERVALS]
        amounts = {name: serializers.DecimalField(max_digits=32, decimal_places=6, allow_null=True) for name in names}
        return super().get_fields() | amounts
