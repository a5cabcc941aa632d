"""POST /api/emission-factors/: an organisation's own factor, and with `?preview=true` what it would change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_yasg import openapi
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import AnyUser, organisations_of, visible_to
from accounts.roles import Action
from energy.choices import Basis, FactorGas
from energy.own_factors import FactorInput, Preview, add_factor, preview_factor
from energy.serializers import EmissionFactorSerializer
from factories.models import Factory, Organisation
from lib.errors import invalid
from logbook.api import REFUSALS, NoNulMixin, object_of, user_of

PREVIEW = openapi.Parameter(
    "preview",
    openapi.IN_QUERY,
    type=openapi.TYPE_BOOLEAN,
    description="true: store nothing, answer the last 12 months before and after",
)


def _number(help_text: str) -> serializers.DecimalField:
    # 6 decimals each: products of three keep within what is stored, to the last digit.
    return serializers.DecimalField(
        max_digits=14, decimal_places=6, min_value=Decimal(0), required=False, allow_null=True, help_text=help_text
    )


class NewFactorSerializer(NoNulMixin, serializers.Serializer[Any]):
    """One factor of your organisation: `value`, or for a gas of a fuel the chain that it comes from."""

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
    basis = serializers.ChoiceField(choices=Basis.choices, default=Basis.DIRECT)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(required=False, allow_null=True, help_text="exclusive")
    value = _number("kg of the gas a unit")
    kg_per_unit = _number("density; of a unit of mass left out")
    ncv_gj_per_t = _number("net calorific value")
    gj_per_unit = _number("instead of the two above")
    gas_kg_per_tj = _number("kg of the gas a TJ")
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
                "gas_kg_per_tj": "112000",
                "source": "Bomb calorimeter, laboratory report 12/2026",
            }
        }

    def to_input(self) -> FactorInput:
        said = dict(self.validated_data)
        said.pop("organisation", None)
        return FactorInput(**said)


class MassesSerializer(serializers.Serializer[Any]):
    co2e_kg = serializers.DecimalField(max_digits=30, decimal_places=6)
    biogenic_co2_kg = serializers.DecimalField(max_digits=30, decimal_places=6)


class FactorPreviewSerializer(serializers.Serializer[Preview]):
    """The organisation's uses of the type that began in the last 12 months, as stored and with the factor."""

    factor = EmissionFactorSerializer(help_text="as it would be stored; `id` is null")
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    entries = serializers.IntegerField(help_text="uses of the type")
    revalued = serializers.IntegerField(help_text="of them, on days when the factor holds")
    not_valued = serializers.IntegerField(help_text="of those, in units that it does not fit: left as stored")
    before = MassesSerializer()
    after = MassesSerializer()


def in_sight(user: AnyUser, factors: QuerySet[Any]) -> QuerySet[Any]:
    """Published factors, and those of the organisations in whose factories the user sees energy."""
    theirs = visible_to(user, Factory.objects.all(), factory_path="", action=Action.VIEW_ENERGY)
    return factors.filter(
        Q(organisation__isnull=True)
        | Q(organisation__in=theirs.values("organisation_id"))
        | Q(organisation__in=organisations_of(user, Action.VIEW_ENERGY))
    )


class OwnFactorMixin:
    """Adding a factor, as an action of the factors' viewset."""

    @swagger_auto_schema(
        operation_id="emission-factors_create",
        operation_summary="Add a factor of your own",
        manual_parameters=[PREVIEW],
        request_body=NewFactorSerializer,
        responses={
            200: openapi.Response("a preview, or the same factor is there already", FactorPreviewSerializer),
            201: EmissionFactorSerializer,
            **REFUSALS,
        },
    )
    def create(self, request: Request) -> Response:
        """Counts for entries that name its set, and for all once the organisation prefers it. Never overwritten:
        what changes is sent again and becomes the next version."""
        serializer = NewFactorSerializer(data=object_of(request))
        serializer.is_valid(raise_exception=True)
        organisation = _organisation(request, serializer.validated_data.get("organisation"))
        data = serializer.to_input()
        if request.query_params.get("preview", "").lower() in ("true", "1"):
            return Response(FactorPreviewSerializer(preview_factor(organisation, data, timezone.now())).data)
        added = add_factor(user_of(request), organisation, data)
        return Response(EmissionFactorSerializer(added.factor).data, status=201 if added.is_new else 200)


def _organisation(request: Request, wanted: int | None) -> Organisation:
    """The one named, or the only one; 404 for others', 403 for who manages a part of one alone."""
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
