"""/api/energy-types/ and /api/emission-factors/: energy types, published factors and an organisation's own factors.

`POST /api/emission-factors/` adds a factor of your own; with `?preview=true` it shows the effect without storing it.
"""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_yasg import openapi
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import AnyUser, organisations_of, user_of, visible_to
from accounts.roles import Action
from accounts.viewsets import REFUSALS, ScopedReadOnlyViewSet, validated
from energy.choices import FactorGas
from energy.factors import find_energy_type
from energy.models import EmissionFactor, EnergyType
from energy.own_factors import FactorInput, Preview, add_factor, preview_factor
from factories.choices import FactorBasis, GwpSet
from factories.corrections import Confirmation
from factories.models import Factory, Organisation
from factories.serializers import Confirmed, EffectSerializer
from lib.errors import invalid
from lib.parameters import flag, flag_filter
from logbook.api import AmountField, PlainDecimalField, ReadOnlySerializer

PREVIEW = openapi.Parameter(
    "preview",
    openapi.IN_QUERY,
    type=openapi.TYPE_BOOLEAN,
    description="true: store nothing, answer the last 12 months before and after",
)


# --- Shapes --------------------------------------------------------------------------------------
class EnergyTypeSerializer(ReadOnlySerializer):
    """An energy type that can be logged, with its usual unit."""

    class Meta:
        model = EnergyType
        exclude: Any = ["id"]
        ref_name = "EnergyType"


class EmissionFactorSerializer(ReadOnlySerializer):
    """One factor: kilograms of a gas per unit, its source, and the days between which it is valid."""

    energy_type = serializers.CharField(source="energy_type.code")
    value = PlainDecimalField(help_text="in `unit`: kg of the gas per unit of energy")
    kg_per_unit = PlainDecimalField(allow_null=True)
    ncv_gj_per_t = PlainDecimalField(allow_null=True, help_text="net calorific value")
    gj_per_unit = PlainDecimalField(allow_null=True)
    gas_kg_per_tj = PlainDecimalField(allow_null=True)
    gwp_set = serializers.CharField(help_text="of a factor in CO2e: the set that its publisher used; else empty")
    inherent_kg_per_unit = PlainDecimalField(help_text="gas that the fuel itself holds and the flame lets pass")

    class Meta:
        model = EmissionFactor
        exclude: Any = ["per_unit", "loaded_at", "added_by"]
        ref_name = "EmissionFactor"


class FactorUsedSerializer(serializers.Serializer[EmissionFactor]):
    """A factor that an entry was computed with, in short form; the full form is under /api/emission-factors/."""

    id = serializers.IntegerField()
    gas = serializers.CharField()
    value = PlainDecimalField()
    unit = serializers.CharField()
    set_name = serializers.CharField()
    version = serializers.IntegerField()
    country = serializers.CharField()
    basis = serializers.CharField()
    gwp_set = serializers.CharField(help_text="of a factor in CO2e: the set that its publisher used; else empty")
    valid_from = serializers.DateField()
    source: Any = serializers.CharField()


def _number(help_text: str) -> AmountField:
    # 6 decimals each: products of three keep within what is stored, to the last digit.
    return AmountField(max_digits=14, required=False, allow_null=True, help_text=help_text)


class NewFactorSerializer(Confirmed):
    """One factor of your organisation: `value`, or for a gas of a fuel the inputs that it is computed from."""

    organisation = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="id; default: the only one you manage"
    )
    energy_type = serializers.CharField(max_length=60, help_text="code, name or alias")
    gas = serializers.ChoiceField(choices=FactorGas.choices)
    per_unit = serializers.CharField(max_length=12, help_text="kg, stere, L, kWh: as the default factors")
    set_name = serializers.RegexField(
        r"^[a-z0-9][a-z0-9.-]{1,39}\Z", help_text="of your own: lower case, digits, dot, hyphen"
    )
    country = serializers.RegexField(r"^[A-Z]{2}\Z", required=False, allow_blank=True, help_text="default: everywhere")
    basis = serializers.ChoiceField(choices=FactorBasis.choices, default=FactorBasis.DIRECT)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(required=False, allow_null=True, help_text="exclusive")
    value = _number("kg of the gas per unit")
    kg_per_unit = _number("density; of a unit of mass left out")
    ncv_gj_per_t = _number("net calorific value")
    gj_per_unit = _number("instead of the two above")
    gas_kg_per_tj = _number("kg of the gas a TJ")
    gwp_set = serializers.ChoiceField(
        choices=GwpSet.choices, required=False, help_text="of gas CO2e: the set it was made with; default: yours"
    )
    source: Any = serializers.CharField(max_length=200, help_text="document, table, year, laboratory")
    publication = serializers.CharField(max_length=200, required=False, allow_blank=True)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)

    class Meta:
        swagger_schema_fields = {
            "example": {
                "energy_type": "firewood",
                "gas": "CO2",
                "per_unit": "kg",
                "set_name": "own-2026",
                "valid_from": "2026-01-01",
                "ncv_gj_per_t": "14.2",
                "source": "Bomb calorimeter, laboratory report 12/2026",
            }
        }


class MassesSerializer(serializers.Serializer[Any]):
    co2e_kg = serializers.DecimalField(max_digits=30, decimal_places=6)
    biogenic_co2_kg = serializers.DecimalField(max_digits=30, decimal_places=6)


class SitePreviewSerializer(serializers.Serializer[Any]):
    factory = serializers.IntegerField()
    name = serializers.CharField()
    before = MassesSerializer()
    after = MassesSerializer()


class FactorPreviewSerializer(serializers.Serializer[Preview]):
    """The organisation's uses of the type that began in the last 12 months: as stored, and with the new factor."""

    factor = EmissionFactorSerializer(help_text="as it would be stored; `id` is null")
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    entries = serializers.IntegerField(help_text="uses of the type")
    revalued = serializers.IntegerField(help_text="of them, on days when the factor holds")
    not_valued = serializers.IntegerField(help_text="of those, in units that it does not fit: left as stored")
    before = MassesSerializer()
    after = MassesSerializer()
    sites = SitePreviewSerializer(many=True, help_text="the same for each site with such entries")


# --- Views --------------------------------------------------------------------------------------
class ReferenceViewSet(ScopedReadOnlyViewSet):
    """Rows without a factory: a user with the right in any factory sees all of them."""

    def get_queryset(self) -> QuerySet[Any]:
        return super(ScopedReadOnlyViewSet, self).get_queryset()


class OfEnergyType(filters.CharFilter):
    """By code, name or alias, as a body names it. An unknown one is refused: no rows would read as no use."""

    def __init__(self) -> None:
        super().__init__(field_name="energy_type__code", help_text="code, name or alias")

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return super().filter(queryset, value and find_energy_type(value).code)


class EnergyTypeFilter(filters.FilterSet):
    is_biogenic = flag_filter()

    class Meta:
        model = EnergyType
        fields: Any = ["scope", "carrier"]


class EnergyTypeViewSet(ReferenceViewSet):
    """Energy types that can be logged."""

    actions = {"GET": Action.VIEW_ENERGY}
    queryset = EnergyType.objects.order_by("code")
    serializer_class = EnergyTypeSerializer
    lookup_field = "code"
    lookup_value_regex = "[a-z0-9_]+"
    filterset_class = EnergyTypeFilter


class EmissionFactorFilter(filters.FilterSet):
    energy_type = OfEnergyType()
    gas = filters.ChoiceFilter(choices=FactorGas.choices)
    country = filters.CharFilter(help_text="two letters")
    set_name = filters.CharFilter()
    is_default = flag_filter()
    own = flag_filter(
        field_name="organisation", lookup_expr="isnull", exclude=True, help_text="true: of your organisation"
    )
    on = filters.DateFilter(method="holding_on", help_text="factors that hold on this day")

    class Meta:
        model = EmissionFactor
        fields: list[str] = []

    def holding_on(self, queryset: QuerySet[EmissionFactor], _name: str, day: date) -> QuerySet[EmissionFactor]:
        return queryset.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day), valid_from__lte=day)


class EmissionFactorViewSet(ReferenceViewSet):
    """Emission factors with source, dates and version. A changed factor is a new row; rows are never overwritten."""

    actions = {"GET": Action.VIEW_ENERGY, "POST": Action.MANAGE_FACTORS}
    queryset = EmissionFactor.objects.select_related("energy_type").order_by(
        "energy_type__code", "set_name", "per_unit", "country", "factor_type", "valid_from", "gas", "version", "id"
    )
    serializer_class = EmissionFactorSerializer
    filterset_class = EmissionFactorFilter
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Any]:
        queryset = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return queryset.none()
        return in_sight(self.request.user, queryset)

    @swagger_auto_schema(
        operation_id="emission-factors_create",
        operation_summary="Add a factor of your own",
        manual_parameters=[PREVIEW],
        request_body=NewFactorSerializer,
        responses={
            200: openapi.Response("a preview, or the same factor is there already", FactorPreviewSerializer),
            201: EmissionFactorSerializer,
            202: EffectSerializer,
            **REFUSALS,
        },
    )
    def create(self, request: Request) -> Response:
        """It is used for entries that name its set, and for all entries when the organisation prefers the set. It is
        never overwritten: send the changed factor again, and it becomes the next version. One that takes the place of
        another, or is of the preferred set, answers 202 with its effect on each site until it is confirmed."""
        is_preview = flag(request.query_params, "preview")
        given = validated(NewFactorSerializer, request)
        organisation = _organisation(request, given.pop("organisation", None))
        confirm = Confirmation(request.user.pk, given.pop("confirm", ""))
        data = FactorInput(**given)
        if is_preview:
            return Response(FactorPreviewSerializer(preview_factor(organisation, data, timezone.now())).data)
        added = add_factor(user_of(request), organisation, data, confirm=confirm)
        return Response(EmissionFactorSerializer(added.factor).data, status=201 if added.is_new else 200)


def in_sight(user: AnyUser, factors: QuerySet[Any]) -> QuerySet[Any]:
    """Published factors, and those of the organisations in whose factories the user sees energy."""
    theirs = visible_to(user, Factory.objects.all(), factory_path="", action=Action.VIEW_ENERGY)
    return factors.filter(
        Q(organisation__isnull=True)
        | Q(organisation__in=theirs.values("organisation_id"))
        | Q(organisation__in=organisations_of(user, Action.VIEW_ENERGY))
    )


def _organisation(request: Request, wanted: int | None) -> Organisation:
    """The one named, or the only one; 404 for others', 403 for users who manage only a part of one."""
    mine = organisations_of(request.user, Action.MANAGE_FACTORS)
    if wanted is not None and wanted not in mine:
        raise Http404
    if not mine:
        raise PermissionDenied
    if wanted is None and len(set(mine)) > 1:
        raise invalid(
            "organisation",
            "required",
            _("You manage %(count)d organisations; give the id of one of them.") % {"count": len(set(mine))},
        )
    return Organisation.objects.get(pk=wanted or mine[0])
