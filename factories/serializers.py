"""Shapes of places in the API."""

from typing import Any

from rest_framework import serializers

from factories.choices import MineClass
from factories.models import MOST_KW, Chimney, EmissionSource, Factory, SiteEvent
from lib.times import MomentField

# What is stated of a site itself.
SITE = (
    "name location county country sector altitude_m altitude_is_estimated latitude longitude time_zone day_starts_at "
    "wood_moisture_fraction electricity_capacity_kw product_capacity_kg_per_day"
).split()


class ChimneySerializer(serializers.ModelSerializer[Chimney]):
    """Inner dimensions of one chimney; of a factory its `chimney_dimensions`. `shape` empty: not stated."""

    velocity_profile_factor = serializers.FloatField(
        required=False, allow_null=True, help_text="0.84 of one point on the axis of a round duct; else stated"
    )
    moisture_fraction = serializers.FloatField(required=False)

    class Meta:
        model = Chimney
        fields: Any = (
            "id factory name shape diameter_m width_m height_m probe_height_m probe_position velocity_profile_factor "
            "profile_factor_reason traverse_ms traverse_probe_ms moisture_method moisture_fraction archived_at"
        ).split()
        read_only_fields: Any = ("id", "factory", "archived_at")
        validators: Any = []  # the service says what is there already
        ref_name = "Chimney"


class EmissionSourceSerializer(serializers.ModelSerializer[EmissionSource]):
    """What emits at a site. Totals take one basis per source, gas and period."""

    class Meta:
        model = EmissionSource
        fields: Any = (
            "id factory name kind chimney fuels capacity_kw dryer_type mine_class methane_per_t methane_unit "
            "methane_reference first_day last_day"
        ).split()
        read_only_fields: Any = ("id", "factory")
        validators: Any = []
        ref_name = "EmissionSource"


class SiteEventSerializer(serializers.ModelSerializer[SiteEvent]):
    """Something that happened at a site and explains its figures."""

    happened_at = MomentField(help_text="with offset; not in the future")

    class Meta:
        model = SiteEvent
        fields: Any = "id factory happened_at text recorded_by archived_at".split()
        read_only_fields: Any = ("id", "factory", "recorded_by", "archived_at")
        ref_name = "SiteEvent"


class FactorySerializer(serializers.ModelSerializer[Factory]):
    """A factory or mine with its chimneys and emission sources."""

    currency = serializers.CharField(read_only=True, help_text="of its country, ISO 4217")
    chimney_dimensions = ChimneySerializer(many=True, read_only=True, source="chimneys_in_use")
    emission_sources = EmissionSourceSerializer(many=True, read_only=True)

    class Meta:
        model = Factory
        fields: Any = ["id", "organisation", *SITE, "currency", "archived_at", "chimney_dimensions", "emission_sources"]
        ref_name = "Factory"


# --- What is told about them -----------------------------------------------------------------------
_LARGEST_ID = 2**31 - 1


class _ToSite(serializers.Serializer[Any]):
    factory = serializers.IntegerField(min_value=1, max_value=_LARGEST_ID, help_text="id")


class Confirmed(serializers.Serializer[Any]):
    confirm = serializers.CharField(
        required=False, allow_blank=True, write_only=True, max_length=400, help_text="from the 202 of the same request"
    )


class _Change(serializers.Serializer[Any]):
    """Fields that are left out stay as they are."""

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for one in fields.values():
            one.required = False
        return fields


class NewFactorySerializer(serializers.ModelSerializer[Factory]):
    """A new site. It gets the emission sources of its sector; a mine needs its class, which decides its methane."""

    organisation = serializers.IntegerField(required=False, min_value=1, help_text="id; default: your first")
    mine_class = serializers.ChoiceField(choices=MineClass.choices, required=False, help_text="of a mine")
    boiler_capacity_kw = serializers.FloatField(
        required=False, allow_null=True, min_value=1, max_value=MOST_KW, help_text="fuel input; default: by sector"
    )

    class Meta:
        model = Factory
        fields: Any = [*SITE, "organisation", "mine_class", "boiler_capacity_kw"]
        validators: Any = []  # the service says what is there already
        extra_kwargs: Any = {
            "country": {"required": False, "help_text": "default: the organisation's"},
            "time_zone": {"required": False, "help_text": "IANA name; default: the country's, if it has one"},
            "wood_moisture_fraction": {"help_text": "default: 0.30 with each entry"},
            "electricity_capacity_kw": {"help_text": "default: by sector"},
            "product_capacity_kg_per_day": {"help_text": "default: by sector"},
        }
        ref_name = "NewFactory"
        swagger_schema_fields = {
            "example": {"name": "Kapkoros Tea Factory", "county": "Bomet", "sector": "tea", "altitude_m": 2060}
        }


class FactoryChangeSerializer(_Change, Confirmed, serializers.ModelSerializer[Factory]):
    """Of the site's own row; its sources and chimneys have addresses of their own."""

    class Meta:
        model = Factory
        fields: Any = [*SITE, "confirm"]
        validators: Any = []
        ref_name = "FactoryChange"
        swagger_schema_fields: Any = {"example": {"altitude_m": 2060, "altitude_is_estimated": False}}


class NewChimneySerializer(_ToSite, ChimneySerializer):
    name = serializers.CharField(max_length=80, required=False, help_text="default: the next number")

    class Meta(ChimneySerializer.Meta):
        ref_name = "NewChimney"
        swagger_schema_fields: Any = {"example": {"factory": 1, "shape": "circle", "diameter_m": 0.9}}


class ChimneyChangeSerializer(_Change, Confirmed, ChimneySerializer):
    class Meta(ChimneySerializer.Meta):
        fields: Any = [*ChimneySerializer.Meta.fields, "confirm"]
        ref_name = "ChimneyChange"
        swagger_schema_fields: Any = {"example": {"probe_height_m": 1.5}}


class NewSourceSerializer(_ToSite, Confirmed, EmissionSourceSerializer):
    replaces = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=_LARGEST_ID,
        write_only=True,
        help_text="id of a source that ends the day before",
    )

    class Meta(EmissionSourceSerializer.Meta):
        fields: Any = [*EmissionSourceSerializer.Meta.fields, "confirm", "replaces"]
        ref_name = "NewEmissionSource"
        swagger_schema_fields: Any = {
            "example": {"factory": 1, "name": "Dryer 1", "kind": "direct_fired_dryer", "fuels": "firewood"}
        }


class SourceChangeSerializer(_Change, Confirmed, EmissionSourceSerializer):
    class Meta(EmissionSourceSerializer.Meta):
        fields: Any = [*EmissionSourceSerializer.Meta.fields, "confirm"]
        ref_name = "EmissionSourceChange"
        swagger_schema_fields: Any = {"example": {"capacity_kw": 3500}}


class NewEventSerializer(_ToSite, SiteEventSerializer):
    class Meta(SiteEventSerializer.Meta):
        ref_name = "NewSiteEvent"
        swagger_schema_fields: Any = {
            "example": {"factory": 1, "happened_at": "2026-11-20T09:00:00+03:00", "text": "New fan blades"}
        }


class EventChangeSerializer(_Change, SiteEventSerializer):
    class Meta(SiteEventSerializer.Meta):
        ref_name = "SiteEventChange"
        swagger_schema_fields: Any = {"example": {"text": "New fan blades, eight"}}


# --- What a change makes of the past ---------------------------------------------------------------
class FigureSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the API's name, and an attribute of every field
    unit = serializers.CharField(allow_blank=True)
    before = serializers.FloatField()
    after = serializers.FloatField(allow_null=True, help_text="null: known once it has been computed again")
    since = serializers.DateField(help_text="the first day that changes")
    site = serializers.CharField(allow_blank=True, help_text="of a change that reaches several; empty: all together")


class EffectSerializer(serializers.Serializer[Any]):
    """Nothing is stored yet: what the change makes of the past, and the value of `confirm` that stores it."""

    confirm = serializers.CharField(help_text="for this change, these figures and you alone")
    confirm_until = serializers.DateTimeField()
    message = serializers.CharField()
    figures = FigureSerializer(many=True)

    class Meta:
        ref_name = "EffectOnThePast"
