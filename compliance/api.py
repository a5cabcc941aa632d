"""/api/targets/ and GET /api/factories/{id}/intensity/."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_yasg.utils import swagger_auto_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import get_visible, organisations_of, token_of
from accounts.roles import Action
from accounts.viewsets import REFUSALS, ScopedReadOnlyViewSet
from compliance import queries, services, site_days
from compliance.choices import TargetMetric, TargetScope, TargetStatus
from compliance.models import Target
from compliance.queries import UNCERTAIN
from compliance.serializers import (
    AMOUNTS,
    IntensityRowSerializer,
    NewTargetSerializer,
    TargetChangeSerializer,
    TargetSerializer,
)
from compliance.targets import verdicts, visible_targets
from emissions.serializers import settling_fields
from emissions.settling import SitePeriod, settling_of_sites
from factories.days import factory_day, running_day
from factories.known import not_known_yet
from factories.models import Factory, Organisation
from factories.queries import choosable_factories
from factories.sectors import SECTORS
from lib.errors import invalid
from lib.exports import csv_response, wants_csv
from lib.known_names import ApiView
from lib.parameters import AS_CSV, KNOWN_ON, parameter, require_forward
from lib.times import read_day, read_known_on
from science.rounding import decimal_kg

RESOLUTIONS = ("day", "month")
LONGEST_DAYS = {"day": 800, "month": 8_000}
USUAL_DAYS = {"day": 31, "month": 365}


# --- Targets -----------------------------------------------------------------------------------
class TargetFilter(filters.FilterSet):
    factory = filters.ModelChoiceFilter(queryset=choosable_factories)
    metric = filters.ChoiceFilter(choices=TargetMetric.choices)
    scope = filters.ChoiceFilter(choices=TargetScope.choices)
    status = filters.ChoiceFilter(choices=TargetStatus.choices)

    class Meta:
        model = Target
        fields: list[str] = []


class TargetViewSet(ScopedReadOnlyViewSet):
    """Targets of factories, and of the organisation for users who see all of it. Ended with a reason, never deleted."""

    actions = {"GET": Action.VIEW_TARGETS, "POST": Action.MANAGE_TARGETS, "PATCH": Action.MANAGE_TARGETS}
    queryset = Target.objects.select_related("organisation", "factory").order_by("id")
    serializer_class = TargetSerializer
    lookup_value_regex = "[0-9]{1,9}"
    filterset_class = TargetFilter

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return Target.objects.none()
        return visible_targets(self.request.user, Action.VIEW_TARGETS)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Computes the verdicts of all shown targets together."""
        shown: Any = args[0] if args else []
        targets = [t for t in (shown if isinstance(shown, list) else [shown]) if t.ended_at is None]
        factory_ids = Factory.objects.filter(
            Q(pk__in=[t.factory_id for t in targets])
            | Q(organisation__in=[t.organisation_id for t in targets if t.factory_id is None])
        ).values_list("pk", flat=True)
        if targets:
            site_days.refresh(factory_ids)
        by_target = verdicts(targets, timezone.now()) if targets else {}
        kwargs["context"] = {**self.get_serializer_context(), "verdicts": by_target}
        return self.get_serializer_class()(*args, **kwargs)

    @swagger_auto_schema(
        operation_id="targets_create",
        operation_summary="Set a target",
        request_body=NewTargetSerializer,
        responses={201: TargetSerializer, **REFUSALS, 409: "target_exists"},
    )
    def create(self, request: Request) -> Response:
        serializer = NewTargetSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        factory_id = serializer.validated_data.get("factory")
        user: Any = request.user
        factory = None
        if factory_id is not None:
            factory = get_visible(
                user,
                Factory.objects.select_related("organisation"),
                Action.MANAGE_TARGETS,
                factory_path="",
                pk=factory_id,
            )
            organisation = factory.organisation
        else:
            organisation = self._organisation(serializer.validated_data.get("organisation"))
        target = services.set_target(user, organisation, serializer.to_input(), factory=factory)
        return Response(self.get_serializer(target).data, status=status.HTTP_201_CREATED)

    def _organisation(self, asked: int | None) -> Organisation:
        """The requested organisation, or by default the first in which the user may set targets."""
        allowed_ids = organisations_of(self.request.user, Action.MANAGE_TARGETS)
        token = token_of(self.request.user)
        if token is not None and token.factory_id:
            allowed_ids = []
        organisation = Organisation.objects.filter(pk=asked if asked is not None else (allowed_ids or [0])[0]).first()
        if organisation is None or organisation.pk not in allowed_ids:
            raise Http404
        return organisation

    @swagger_auto_schema(
        operation_id="targets_partial_update",
        operation_summary="Correct a target, or end it, with a reason",
        request_body=TargetChangeSerializer,
        responses={200: TargetSerializer, **REFUSALS, 409: "target_ended"},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        target = self.get_object()
        user: Any = request.user
        if not visible_targets(user, Action.MANAGE_TARGETS).filter(pk=target.pk).exists():
            raise PermissionDenied
        serializer = TargetChangeSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        reason = serializer.validated_data.get("reason", "")
        if "status" in serializer.validated_data:
            target = services.end_target(user, target.pk, reason)
        else:
            target = services.correct_target(user, target.pk, serializer.changes(), reason)
        return Response(self.get_serializer(target).data)


# --- Intensity ---------------------------------------------------------------------------------
class IntensityView(ApiView):
    """Use, production and emissions of a site by factory day or month, with the figures per kg made."""

    actions = {"GET": Action.VIEW_PRODUCTION}

    @swagger_auto_schema(
        operation_id="factories_intensity",
        operation_summary="Energy, emissions and production, by day or month",
        manual_parameters=[
            parameter("resolution", "day (default) or month", enum=list(RESOLUTIONS)),
            parameter("from", "first day, like 2026-11-01; default a month (or a year) before `to`", format="date"),
            parameter("to", "last day, exclusive; default tomorrow at the site", format="date"),
            KNOWN_ON,
            AS_CSV,
        ],
        responses={200: IntensityRowSerializer(many=True), **REFUSALS},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        factory = get_visible(request.user, Factory.objects.all(), Action.VIEW_PRODUCTION, factory_path="", pk=pk)
        resolution = request.query_params.get("resolution") or "day"
        first, end = asked_period(request.query_params, factory, resolution)
        site_days.refresh([factory.pk])
        known_on = read_known_on(request.query_params, [factory.zone])
        series = queries.series([factory.pk], first, end - timedelta(days=1), by=resolution, as_known_on=known_on)
        found = _intensity_rows(factory, series, resolution, is_now=known_on is None)
        rows = IntensityRowSerializer(found, many=True).data
        if wants_csv(request):
            return csv_response(request, rows, list(IntensityRowSerializer().fields), f"intensity-{resolution}")
        note = {"note": not_known_yet([factory], known_on)} if known_on and not rows else {}
        return Response({"next": None, "previous": None, "results": rows, **note})


def asked_period(parameters: Any, factory: Factory, resolution: str) -> tuple[date, date]:
    today = running_day(factory, timezone.now()).day
    end = _day(parameters, "to") or today + timedelta(days=1)
    first = _day(parameters, "from") or max(date(1990, 1, 1), end - timedelta(days=USUAL_DAYS[resolution]))
    require_forward(first, end)
    if (end - first).days > LONGEST_DAYS[resolution]:
        raise invalid(
            "from",
            "period_too_long",
            _("The period has %(days)d days, more than %(limit)d: ask for shorter periods.")
            % {"days": (end - first).days, "limit": LONGEST_DAYS[resolution]},
        )
    return first, end


def _day(parameters: Any, name: str) -> date | None:
    raw = parameters.get(name, "").strip()
    return read_day(name, raw) if raw else None


def _intensity_rows(
    factory: Factory, series: list[queries.Sums], resolution: str, *, is_now: bool
) -> list[dict[str, Any]]:
    rows = [intensity_row(factory, sums, resolution) for sums in series]
    if not is_now:  # what was known at a moment does not change any more
        return [row | settling_fields(None) for row in rows]
    periods = [
        SitePeriod(factory.pk, *(factory_day(factory, row[name]).starts_at for name in ("period_start", "period_end")))
        for row in rows
    ]
    settled = settling_of_sites(periods, timezone.now())
    return [row | settling_fields(settling) for row, settling in zip(rows, settled, strict=True)]


def intensity_row(factory: Factory, sums: queries.Sums, resolution: str) -> dict[str, Any]:
    """One row of the answer; decimals to 6 places, half to even."""
    start = sums.bucket or date.min
    end = start + timedelta(days=1) if resolution == "day" else (start + timedelta(days=31)).replace(day=1)
    bases = [name for name, days in (("measured", sums.measured_days), ("fuel", sums.fuel_days)) if days]
    per_kg = sums.co2e_kg_per_kg
    sector = SECTORS[factory.sector]
    values: dict[str, Decimal | None] = {name: getattr(sums, name) for name in AMOUNTS if name != "co2e_kg_per_t"} | {
        "co2e_kg_per_t": per_kg * sector.kg_per_unit if sector.product_unit == "t" and per_kg is not None else None
    }
    for name in UNCERTAIN:
        mass = sums.uncertain(name)
        values[f"{name}_low_kg"] = None if mass is None else mass.low_kg
        values[f"{name}_high_kg"] = None if mass is None else mass.high_kg
    days_begun = (min(end, running_day(factory, timezone.now()).day + timedelta(days=1)) - start).days
    return {name: None if value is None else decimal_kg(value) for name, value in values.items()} | {
        "factory": factory.pk,
        "period_start": start,
        "period_end": end,
        "known_days": sums.known_days,
        "production_days": sums.production_days,
        "heat_days": sums.heat_days,
        "electricity_days": sums.electricity_days,
        "idle_days": sums.idle_days,
        "lower_bound_days": sums.lower_bound_days,
        "stack_substituted_hours": sums.stack_substituted_h,
        "stack_coverage_pct": sums.stack_coverage_pct,
        "energy_coverage_pct": 100.0 * sums.logged_days / days_begun if days_begun > 0 else 0.0,
        "basis": "mixed" if len(bases) > 1 else bases[0] if bases else None,
        "measured_share": None if sums.measured_share is None else decimal_kg(sums.measured_share),
        "gwp_set": sums.gwp_set,
        "published_gwp_set": sums.published_gwp_set,
        "scope2_basis": sums.scope2_basis,
    }
