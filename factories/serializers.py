"""Shapes of places in the API."""

from typing import Any

from rest_framework import serializers

from factories.choices import ProbePosition, Shape
from factories.models import Chimney, Factory


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


class FactorySerializer(serializers.ModelSerializer[Factory]):
    """A factory or mine with its chimneys."""

    chimney_dimensions = ChimneyDimensionsSerializer(many=True, read_only=True, source="chimneys")

    class Meta:
        model = Factory
        fields: Any = (
            "id name location county country sector altitude_m altitude_is_estimated latitude longitude time_zone "
            "day_starts_at wood_moisture_fraction chimney_dimensions"
        ).split()
        ref_name = "Factory"
