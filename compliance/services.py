"""Writes of targets: set, correct, end. Targets are never deleted; the history keeps every version."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from compliance.choices import TargetMetric, TargetScope, TargetStatus
from compliance.models import Target
from factories.models import Factory, Organisation
from factories.sectors import shared_sector
from lib.errors import ApiError, invalid
from logbook.services import required_reason

EARLIEST_YEAR, LATEST_YEAR = 1990, 2100


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetInput:
    """A person's input. Values are in t CO2e a year, or in kg CO2e per kg of product (mines: per tonne of coal)."""

    metric: str
    base_year: int
    base_value: Decimal
    target_year: int
    target_value: Decimal
    scope: str = TargetScope.BOTH
    name: str = ""


@transaction.atomic
def set_target(
    user: User | None, organisation: Organisation, data: TargetInput, *, factory: Factory | None = None
) -> Target:
    """Set a target of a factory, or of all of an organisation. It uses the organisation's GWP set.

    Raises ApiError 400 (a field is wrong), 409 `target_exists` (one for the same is in force: end it first).
    """
    _check(data)
    now = timezone.now()
    target = Target(
        organisation=organisation,
        factory=factory,
        unit=_unit(organisation, factory, data.metric),
        gwp_set=organisation.gwp_set,
        set_by=user,
        created_at=now,
        changed_at=now,
        **{field.name: getattr(data, field.name) for field in fields(data)},
    )
    _save(target)
    return target


@transaction.atomic
def correct_target(user: User | None, target_id: int, changes: Mapping[str, Any], reason: str) -> Target:
    """Change years, values or name of a target in force. Raises ApiError 400, 409 `target_ended`."""
    target = _locked(target_id)
    reason = required_reason(reason)
    values = {field.name: getattr(target, field.name) for field in fields(TargetInput)} | dict(changes)
    data = TargetInput(**values)
    _check(data)
    for name, value in values.items():
        setattr(target, name, value)
    target.unit = _unit(target.organisation, target.factory, data.metric)
    return _changed(target, user, reason)


@transaction.atomic
def end_target(user: User | None, target_id: int, reason: str) -> Target:
    """End a target: it gets no more verdicts and stays readable. Raises ApiError 400, 409 `target_ended`."""
    target = _locked(target_id)
    reason = required_reason(reason)
    target.status, target.ended_at = TargetStatus.ENDED, timezone.now()
    return _changed(target, user, reason)


def _locked(target_id: int) -> Target:
    target = Target.objects.select_related("organisation", "factory").select_for_update(of=("self",)).get(pk=target_id)
    if target.status == TargetStatus.ENDED:
        raise ApiError(409, "target_ended", _("This target is ended; set a new one."))
    return target


def _changed(target: Target, user: User | None, reason: str) -> Target:
    target.set_by, target.changed_at, target.change_reason = user, timezone.now(), reason
    _save(target)
    return target


def _save(target: Target) -> None:
    try:
        with transaction.atomic():
            relations = [field.name for field in Target._meta.fields if field.is_relation]
            target.full_clean(exclude=relations, validate_unique=False, validate_constraints=False)
            target.save()
    except IntegrityError as error:
        if "target_one_in_force" not in str(error):
            raise
        raise ApiError(
            409,
            "target_exists",
            _("A target of this kind is in force: correct it, or end it with a reason and set a new one."),
        ) from error


def _check(data: TargetInput) -> None:
    for name, low, high in (
        ("base_year", EARLIEST_YEAR, LATEST_YEAR - 1),
        ("target_year", data.base_year + 1, LATEST_YEAR),
    ):
        year = getattr(data, name)
        if not low <= year <= high:
            raise invalid(
                name,
                "out_of_range",
                _("%(name)s=%(year)s is outside %(low)s to %(high)s; the target year must be after the base year.")
                % {"name": name, "year": year, "low": low, "high": high},
            )
    if not data.base_value.is_finite() or not 0 < data.base_value < Decimal(10) ** 13:
        raise invalid("base_value", "out_of_range", _("base_value=%s must be above 0.") % data.base_value)
    if not data.target_value.is_finite() or not 0 <= data.target_value < Decimal(10) ** 13:
        raise invalid("target_value", "out_of_range", _("target_value=%s must be at least 0.") % data.target_value)


def _unit(organisation: Organisation, factory: Factory | None, metric: str) -> str:
    """Raises ApiError 400 for an intensity over sites that make different things."""
    if metric == TargetMetric.ABSOLUTE_T:
        return "t CO2e"
    sites = Factory.objects.filter(organisation=organisation)
    sectors = {factory.sector} if factory else set(sites.values_list("sector", flat=True))
    if len(sectors) > 1:
        raise invalid(
            "metric",
            "products_differ",
            _("Sites that make different products have no common intensity; set one per factory, or tonnes."),
        )
    return f"kg CO2e/{shared_sector(sectors).product_unit}"
