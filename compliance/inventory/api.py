"""GET /api/inventory/, and /api/basis-locks/: on which basis the CO2 of a source is counted."""

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import AnyUser, may, user_of, visible_to
from accounts.roles import Action
from accounts.viewsets import REFUSALS, ScopedReadOnlyViewSet, WritingMixin
from compliance.choices import InventoryBasis
from compliance.inventory.build import build
from compliance.inventory.lines import SETS, Inventory
from compliance.inventory.locks import lock_basis
from compliance.inventory.totals import interval, last_twelve_months, line_rows, totals_of
from compliance.models import BasisLock
from factories.corrections import Confirmation
from factories.known import not_known_yet
from factories.models import EmissionSource, Factory
from factories.serializers import Confirmed, EffectSerializer
from lib.errors import invalid
from lib.exports import csv_response, wants_csv
from lib.known_names import ApiView
from lib.parameters import AS_CSV, KNOWN_ON, parameter, require_forward
from lib.times import read_day, read_known_on
from logbook.api import PlainDecimalField

LONGEST_DAYS = 1_200


def kg_field(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=32, decimal_places=6, **options)


class _Interval(serializers.Serializer[Any]):
    low_kg = kg_field(help_text="k = 2, about 95 %")
    likely_kg = kg_field()
    high_kg = kg_field(allow_null=True, help_text="null: at least; a sensor was at the end of its range")


class InventoryTotalSerializer(_Interval):
    code = serializers.CharField(help_text="scope_1, scope_2_location, scope_2_market, biogenic_co2")
    coverage = serializers.FloatField(allow_null=True, help_text="share of the days that are over with data, 0 to 1")
    by_gwp_set = serializers.DictField(child=_Interval(), help_text="AR4, AR5 and AR6; of biogenic CO2 empty")


class InventoryLineSerializer(_Interval):
    """One gas of one stream of one source in one calendar month; masses in kg of the gas."""

    factory = serializers.IntegerField()
    month = serializers.DateField(help_text="its first day")
    source: Any = serializers.IntegerField(allow_null=True, help_text="emission source; null: the site's")
    source_kind = serializers.CharField()
    stream = serializers.CharField(help_text="energy type; stack, coal, certificate, contract")
    scope = serializers.IntegerField(help_text="1, 2; 0: biogenic CO2, outside the scopes")
    approach = serializers.CharField(help_text="of scope 2: location or market, never added")
    gas = serializers.CharField(help_text="CO2e: a factor that its publisher gives as a sum")
    basis = serializers.CharField(help_text="measured, substituted, calculated, estimated")
    method = serializers.CharField(help_text="of substituted hours")
    amount = PlainDecimalField(allow_null=True, help_text="in `unit`; the same for each gas")
    unit = serializers.CharField()
    energy_gj = kg_field(allow_null=True)
    factors = serializers.ListField(child=serializers.IntegerField())
    gwp_set = serializers.CharField(help_text="of CO2e: its publisher's, whatever the inventory's")

    def get_fields(self) -> Any:
        return super().get_fields() | {f"co2e_{name.lower()}_kg": kg_field(allow_null=True) for name in SETS}


class ChimneyHoursSerializer(serializers.Serializer[Any]):
    measured = serializers.IntegerField()
    partial: Any = serializers.IntegerField()
    substituted = serializers.IntegerField()
    idle = serializers.IntegerField()
    missing = serializers.IntegerField(help_text="without a mass of record")


class CompletenessSerializer(serializers.Serializer[Any]):
    factory = serializers.IntegerField(source="factory_id")
    days = serializers.IntegerField(help_text="of the period that are over")
    heat_days = serializers.IntegerField(help_text="logged for 80 % of the day; likewise the others")
    electricity_days = serializers.IntegerField()
    production_days = serializers.IntegerField()
    scope1_days = serializers.IntegerField(help_text="fuel of heat logged or its CO2 of record; of a mine its coal")
    hours = ChimneyHoursSerializer()


class UnknownSerializer(serializers.Serializer[Any]):
    factory = serializers.IntegerField(source="factory_id")
    month = serializers.DateField()
    what = serializers.CharField(help_text="methane_factor, hours_missing, fuel")
    amount = PlainDecimalField()
    unit = serializers.CharField()


class InventoryFactorSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    energy_type = serializers.CharField()
    gas = serializers.CharField()
    value = PlainDecimalField()
    unit = serializers.CharField()
    set_name = serializers.CharField()
    country = serializers.CharField()
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(allow_null=True)
    version = serializers.IntegerField()
    gwp_set = serializers.CharField()
    source: Any = serializers.CharField()
    publication = serializers.CharField()


class InventorySerializer(serializers.Serializer[Any]):
    """Emissions of whole calendar days of each site. What is unknown is listed, never counted as zero in silence."""

    factories = serializers.ListField(child=serializers.IntegerField())
    first_day = serializers.DateField()
    end_day = serializers.DateField(help_text="exclusive; days to come are left out")
    gwp_set = serializers.CharField()
    as_known_on = serializers.DateTimeField(allow_null=True)
    method_version = serializers.CharField()
    inputs_sha256 = serializers.CharField(help_text="of all rows that went in")
    totals = InventoryTotalSerializer(many=True)
    lines = InventoryLineSerializer(many=True)
    removals = InventoryLineSerializer(many=True, help_text="apart, never netted")
    completeness = CompletenessSerializer(many=True)
    unknown = UnknownSerializer(many=True)
    factors = InventoryFactorSerializer(many=True)
    note = serializers.CharField(help_text="since when the sites are known, if not at `as_known_on`")


class InventoryView(ApiView):
    """The inventory of a site, or of the sites that you see."""

    actions = {"GET": Action.VIEW_ENERGY}

    @swagger_auto_schema(
        operation_id="inventory_read",
        operation_summary="Inventory: scope 1, scope 2 both ways, biogenic CO2, by source and gas",
        manual_parameters=[
            parameter("factory", "id of a site; default: all that you see", type="integer"),
            parameter("organisation", "id: its sites", type="integer"),
            parameter("county", "sites of this county"),
            parameter("from", "first day, like 2026-01-01; default: of the last 12 whole months", format="date"),
            parameter("to", "last day, exclusive; default: today's month", format="date"),
            parameter("gwp_set", "of the totals; default: the organisation's", enum=list(SETS)),
            KNOWN_ON,
            AS_CSV,
        ],
        responses={200: InventorySerializer, **REFUSALS},
    )
    def get(self, request: Request) -> HttpResponseBase:
        asked = request.query_params
        factories = asked_factories(request.user, asked)
        first_day, end_day = asked_days(asked)
        known_on = read_known_on(asked, [factory.zone for factory in factories])
        found = build(factories, first_day, end_day, gwp_set=asked.get("gwp_set", ""), as_known_on=known_on)
        if wants_csv(request):
            rows = InventoryLineSerializer(list(line_rows(found)), many=True).data
            return csv_response(request, rows, list(InventoryLineSerializer().get_fields()), "inventory")
        note = "" if known_on is None else not_known_yet(factories, known_on)
        return Response(InventorySerializer({**inventory_body(found), "note": note}).data)


def asked_factories(user: AnyUser, asked: Any) -> list[Factory]:
    """Those that the user sees and asks for, by name. Raises Http404 for none, PermissionDenied without the right."""
    rows = visible_to(user, Factory.objects.all(), factory_path="")
    for name, path in (("factory", "pk"), ("organisation", "organisation"), ("county", "county")):
        value = asked.get(name, "").replace("\x00", "").strip()
        if value and name != "county" and not (value.isascii() and value.isdecimal() and len(value) < 10):
            raise invalid(name, "invalid", _("%(name)s=%(value)r is not an id.") % {"name": name, "value": value[:40]})
        rows = rows.filter(**{path: value}) if value else rows
    if not rows.exists():
        raise Http404
    allowed = visible_to(user, rows, factory_path="", action=Action.VIEW_ENERGY)
    factories = list(allowed.select_related("organisation").order_by("name", "pk"))
    if not factories:
        raise PermissionDenied
    return factories


def asked_days(asked: Any) -> tuple[date, date]:
    """[first, end); by default the last 12 whole months."""
    usual_first, usual_end = last_twelve_months(timezone.now().date())
    first, end = (read_day(name, asked[name]) if asked.get(name, "").strip() else None for name in ("from", "to"))
    end = end or max(usual_end, (first or usual_first) + timedelta(days=1))
    first = first or min(usual_first, end - timedelta(days=365))
    require_forward(first, end)
    if (end - first).days > LONGEST_DAYS:
        words = _("The period has %(days)d days, more than %(limit)d: ask for shorter periods.")
        shown = {"days": (end - first).days, "limit": LONGEST_DAYS}
        raise invalid("from", "period_too_long", words % shown)
    return first, end


def inventory_body(found: Inventory) -> dict[str, Any]:
    totals = [
        {
            "code": total.code,
            "coverage": None if total.coverage is None else float(total.coverage),
            **interval(total.mass),
            "by_gwp_set": {name: interval(mass) for name, mass in total.by_set.items()},
        }
        for total in totals_of(found)
    ]
    same = ("first_day", "end_day", "gwp_set", "as_known_on", "method_version", "inputs_sha256", "removals")
    more = {name: getattr(found, name) for name in (*same, "completeness", "unknown", "factors")}
    return {"factories": found.factory_ids, **more, "totals": totals, "lines": list(line_rows(found))}


# --- Locks ---------------------------------------------------------------------------------------
class BasisLockSerializer(serializers.ModelSerializer[BasisLock]):
    """From a month on, until the next lock, the CO2 of a source is counted on one basis."""

    class Meta:
        model = BasisLock
        fields: Any = "id factory source gas from_month basis reason created_at changed_at".split()
        ref_name = "BasisLock"


class LockedBasisSerializer(BasisLockSerializer):
    """The lock of the source that was named, and those of the sources that share its chimney."""

    together = BasisLockSerializer(many=True)

    class Meta(BasisLockSerializer.Meta):
        fields: Any = [*BasisLockSerializer.Meta.fields, "together"]
        ref_name = "LockedBasis"


class NewBasisLockSerializer(Confirmed):
    """Holds for all heat sources that share the chimney. Without `confirm` a change of the past answers 202."""

    source: Any = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="id of the emission source")
    basis = serializers.ChoiceField(choices=InventoryBasis.choices)
    from_month = serializers.DateField(help_text="first day of the month")
    reason = serializers.CharField(max_length=300, help_text="why; kept in the history")

    class Meta:
        swagger_schema_fields = {
            "example": {"source": 21, "basis": "calculated", "from_month": "2026-11-01", "reason": "sensor in repair"}
        }


class BasisLockViewSet(WritingMixin, ScopedReadOnlyViewSet):
    """On which basis the CO2 of heat sources is counted in inventories, where HQ decided it."""

    actions = {"GET": Action.VIEW_ENERGY, "POST": Action.LOCK_BASIS}
    queryset = BasisLock.objects.order_by("factory", "source", "-from_month", "id")
    serializer_class = BasisLockSerializer
    inputs = {"create": NewBasisLockSerializer}
    lookup_value_regex = "[0-9]{1,9}"

    @swagger_auto_schema(
        operation_id="basis-locks_create",
        operation_summary="Lock the basis of a source's CO2 from a month on",
        responses={201: LockedBasisSerializer, 202: EffectSerializer, 409: "factory_archived", **REFUSALS},
    )
    def create(self, request: Request) -> Response:
        """Sources that share its chimney are locked with it."""
        given = self.given()
        confirm = Confirmation(request.user.pk, given.pop("confirm", ""))
        sources = visible_to(request.user, EmissionSource.objects.select_related("factory__organisation"))
        source = sources.filter(pk=given.pop("source")).first()
        if source is None:
            raise Http404
        if not may(request.user, Action.LOCK_BASIS, source.factory):
            raise PermissionDenied
        locks = lock_basis(user_of(request), source, **given, confirm=confirm)
        named = next(lock for lock in locks if lock.source_id == source.pk)
        together = BasisLockSerializer([lock for lock in locks if lock is not named], many=True).data
        return Response({**BasisLockSerializer(named).data, "together": together}, status.HTTP_201_CREATED)
