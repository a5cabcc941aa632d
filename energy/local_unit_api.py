"""/api/local-units/: a factory's own units. Their effect on an amount is in `quantities.py`."""

from decimal import Decimal
from typing import Any

from django_filters import rest_framework as filters
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible
from accounts.roles import Action
from accounts.viewsets import REFUSALS, ScopedReadOnlyViewSet, validated
from energy.factor_api import OfEnergyType
from energy.models import LocalUnit
from energy.services import set_local_unit
from factories.queries import choosable_factories
from logbook.api import AmountField, PlainDecimalField, ReadOnlySerializer, ToFactory, factory_to_write


class LocalUnitSerializer(ReadOnlySerializer):
    """1 `name` is `amount` `unit`, at one factory and of one energy type."""

    energy_type = serializers.CharField(source="energy_type.code")
    amount = PlainDecimalField()
    moisture_fraction = PlainDecimalField(allow_null=True, help_text="of wood that was weighed; null: as burned")

    class Meta:
        model = LocalUnit
        fields: Any = "__all__"
        ref_name = "LocalUnit"


class LocalUnitChangeSerializer(serializers.Serializer[Any]):
    """The size of one such unit. Entries stay as they were valued."""

    amount = AmountField(min_value=Decimal("0.000001"), help_text="1 lorry is how many")
    unit = serializers.CharField(max_length=40, help_text="stere, kg, kWh, or another local unit")
    moisture_fraction = AmountField(
        max_digits=4,
        decimal_places=3,
        min_value=None,  # the service says what it may be
        required=False,
        allow_null=True,
        help_text="of wood when it was weighed, wet basis; of a stere in kg 0.25 unless stated",
    )

    class Meta:
        swagger_schema_fields = {"example": {"amount": "11.5", "unit": "stere"}}


class NewLocalUnitSerializer(ToFactory, LocalUnitChangeSerializer):
    """A unit of the factory's own."""

    energy_type = serializers.CharField(max_length=60, help_text="code, name or alias")
    name = serializers.CharField(max_length=40, help_text="lorry; in any case")

    class Meta:
        swagger_schema_fields = {
            "example": {"factory": 1, "energy_type": "firewood", "name": "lorry", "amount": "12", "unit": "stere"}
        }


class LocalUnitFilter(filters.FilterSet):
    factory = filters.ModelChoiceFilter(queryset=choosable_factories)
    energy_type = OfEnergyType()

    class Meta:
        model = LocalUnit
        fields: list[str] = []


class LocalUnitViewSet(ScopedReadOnlyViewSet):
    """Factories' own units: a lorry, a stere as weighed there, a meter's current transformer."""

    actions = {"GET": Action.VIEW_ENERGY, "POST": Action.WRITE_ENERGY, "PATCH": Action.WRITE_ENERGY}
    queryset = LocalUnit.objects.select_related("energy_type").order_by("factory", "energy_type__code", "name")
    serializer_class = LocalUnitSerializer
    filterset_class = LocalUnitFilter
    lookup_value_regex = "[0-9]{1,9}"

    @swagger_auto_schema(
        operation_id="local-units_create",
        operation_summary="Add a unit",
        request_body=NewLocalUnitSerializer,
        responses={201: LocalUnitSerializer, **REFUSALS},
    )
    def create(self, request: Request) -> Response:
        """A second unit of the same name and type is an error: change the first one instead."""
        given = validated(NewLocalUnitSerializer, request)
        factory = factory_to_write(request, Action.WRITE_ENERGY, given.pop("factory"))
        record = set_local_unit(factory, **given, must_be_new=True)
        return Response(LocalUnitSerializer(record).data, status=status.HTTP_201_CREATED)

    @swagger_auto_schema(
        operation_id="local-units_partial_update",
        operation_summary="Change what the unit is",
        request_body=LocalUnitChangeSerializer,
        responses={200: LocalUnitSerializer, **REFUSALS},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """A change applies to new and corrected entries; the history keeps the old size."""
        record = get_visible(
            request.user, LocalUnit.objects.select_related("factory", "energy_type"), Action.WRITE_ENERGY, pk=pk
        )
        changes = validated(LocalUnitChangeSerializer, request, partial=True)
        size = {name: changes.get(name, getattr(record, name)) for name in ("amount", "unit", "moisture_fraction")}
        if "moisture_fraction" not in changes and size["unit"] != record.unit:
            size["moisture_fraction"] = None  # that of the old unit's kg
        changed = set_local_unit(record.factory, record.energy_type.code, record.name, **size)
        return Response(LocalUnitSerializer(changed).data)
