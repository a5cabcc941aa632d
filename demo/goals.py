"""The targets of the simulated sites: a falling line from last year, which some sites meet and most do not.

Set once per site, through the service that headquarters uses; later changes by users stay.
"""

from datetime import timedelta
from decimal import Decimal

from accounts.models import User
from accounts.roles import Role
from compliance.choices import TargetMetric
from compliance.models import Target
from compliance.services import TargetInput, set_target
from demo import cast, mines
from demo.chance import either_side
from demo.ledger import EPOCH
from factories.models import Factory

YEARS = 5
SAVES_SHARE = 0.15
# Rough factors for a base value that fits the site: kg CO2e per kg of wood (CH4 and N2O) and per kWh in Kenya.
_KG_PER_KG_WOOD, _KG_PER_KWH = 0.0232, 0.0954


def set_goal(factory: Factory, anchor_day: int) -> None:
    """Give a site its target, unless it has had one."""
    if Target.objects.filter(factory=factory).exists():
        return
    base_year = (EPOCH + timedelta(days=anchor_day)).year - 1
    base = _base_value(factory)
    goal = TargetInput(
        metric=TargetMetric.INTENSITY,
        base_year=base_year,
        base_value=Decimal(f"{base:.4g}"),
        target_year=base_year + YEARS,
        target_value=Decimal(f"{base * (1.0 - SAVES_SHARE):.4g}"),
    )
    headquarters = User.objects.filter(
        memberships__organisation=factory.organisation, memberships__role=Role.HQ_MANAGER
    )
    set_target(headquarters.order_by("pk").first(), factory.organisation, goal, factory=factory)


def _base_value(factory: Factory) -> float:
    if factory.organisation.name == mines.ORGANISATION_NAME:
        return mines.planned(factory.name).co2e_kg_per_t
    works = cast.works_of(factory.name)
    usual = _KG_PER_KG_WOOD * works.wood_kg_per_kg + _KG_PER_KWH * works.kwh_per_kg
    return usual * (1.02 + 0.06 * either_side(works.seed, 80))
