"""Shapes of places in the API."""

from typing import Any

from rest_framework import serializers

from factories.choices import MineClass, ProbePosition, Shape
from factories.countries import country_choices
from factories.models import HIGHEST_SITE_M, MOST_KW, Chimney, EmissionSource, Factory
from factories.sectors import sector_choices


class ChimneyDimensionsSerializer(serializers.Serializer[Chimney]):
    """Inner dimensions of one chimney; the API's field `chimney_dimensions`."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    shape = serializers.ChoiceField(choices=Shape.choices, allow_blank=True, help_text="empty: geometry not stated")
    diameter_m = serializers.FloatField(allow_null=True)
    width_m = serializers.FloatField(allow_null=True)
    height_m = serializers.FloatField(allow_null=True)
    probe_position = serializers.ChoiceField(choices=ProbePosition.choices)
    velocity_profile_factor = serializers.FloatField(allow_null=True)
    moisture_method = serializers.CharField()
    moisture_fraction = serializers.FloatField()


class EmissionSourceSerializer(serializers.ModelSerializer[EmissionSource]):
    """What emits at a site. Totals take one basis per source, gas and period."""

    class Meta:
        model = EmissionSource
        fields: Any = "id name kind chimney fuels capacity_kw mine_class first_day last_day".split()
        ref_name = "EmissionSource"


class FactorySerializer(serializers.ModelSerializer[Factory]):
    """A factory or mine with its chimneys and emission sources."""

    currency = serializers.CharField(read_only=True, help_text="of its country, ISO 4217")
    chimney_dimensions = ChimneyDimensionsSerializer(many=True, read_only=True, source="chimneys")
    emission_sources = EmissionSourceSerializer(many=True, read_only=True)

    class Meta:
        model = Factory
        fields: Any = (
            "id organisation name location county country currency sector altitude_m altitude_is_estimated latitude "
            "longitude time_zone day_starts_at wood_moisture_fraction electricity_capacity_kw "
            "product_capacity_kg_per_day chimney_dimensions emission_sources"
        ).split()
        ref_name = "Factory"


class NewFactorySerializer(serializers.Serializer[Factory]):
    """A new site. It gets the emission sources of its sector; a mine needs its class, which decides its methane."""

    organisation = serializers.IntegerField(required=False, min_value=1, help_text="id; default: your first")
    name = serializers.CharField(max_length=120)
    location = serializers.CharField(max_length=120, required=False, allow_blank=True)
    county = serializers.CharField(max_length=80, required=False, allow_blank=True)
    country = serializers.ChoiceField(
        choices=country_choices(), required=False, help_text="default: the organisation's"
    )
    sector = serializers.ChoiceField(choices=sector_choices())
    mine_class = serializers.ChoiceField(choices=MineClass.choices, required=False, help_text="of a mine")
    altitude_m = serializers.FloatField(min_value=-430, max_value=HIGHEST_SITE_M)
    altitude_is_estimated = serializers.BooleanField(required=False)
    latitude = serializers.FloatField(required=False, allow_null=True, min_value=-90, max_value=90)
    longitude = serializers.FloatField(required=False, allow_null=True, min_value=-180, max_value=180)
    time_zone = serializers.CharField(
        max_length=40, required=False, help_text="IANA name; default: the country's, if it has one"
    )
    day_starts_at = serializers.IntegerField(required=False, min_value=0, max_value=23)
    wood_moisture_fraction = serializers.DecimalField(
        max_digits=4, decimal_places=3, required=False, allow_null=True, help_text="default: 0.30 with each entry"
    )
    boiler_capacity_kw = serializers.FloatField(
        required=False, allow_null=True, min_value=1, max_value=MOST_KW, help_text="fuel input; default: by sector"
    )
    electricity_capacity_kw = serializers.FloatField(required=False, allow_null=True, help_text="default: by sector")
    product_capacity_kg_per_day = serializers.FloatField(
        required=False, allow_null=True, help_text="default: by sector"
    )

    class Meta:
        ref_name = "NewFactory"
        swagger_schema_fields = {
            "example": {"name": "Kapkoros Tea Factory", "county": "Bomet", "sector": "tea", "altitude_m": 2060}
        }
