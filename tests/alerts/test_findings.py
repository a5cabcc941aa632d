"""What finders of alarms say of a site, beyond what `test_evaluation.py` opens and closes."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from alerts.choices import AlertKind
from alerts.findings import stack_against_fuel
from alerts.rules import ensure_usual_rules, rules_by_kind
from factories.days import last_day_over_everywhere
from tests import make
from tests.cast import Cast
from tests.compliance.test_fire import fire_under
from tests.leaderboard.build_days import a_day, usual

pytestmark = pytest.mark.django_db


def test_stack_against_fuel_says_its_wood_and_its_shape(cast: Cast) -> None:
    # Three days of 3,712.5 kg CO2 more in the stack; a stacked m3 of wood of 30 % becomes 618.75 kg: 18 m3.
    fire_under(make.make_assignment(chimney=make.make_chimney(factory=cast.litein)))
    now = timezone.now()
    last = last_day_over_everywhere([cast.litein], now)
    for back in range(10):
        stack_kg = 10_000 + (3_712.5 if back < 3 else 0)
        day = a_day(cast.litein, last - timedelta(days=back), **usual())
        day.has_heat, day.heat_carbon_co2_kg, day.stack_filled_co2_kg = True, Decimal(10_000), Decimal(stack_kg)
        day.save()
    ensure_usual_rules()

    rules = rules_by_kind([AlertKind.STACK_AGAINST_FUEL])[AlertKind.STACK_AGAINST_FUEL]
    (found,) = stack_against_fuel(rules.watched([cast.litein]), now)

    assert (found.params["m3"], found.params["verdict"], found.params["days"]) == (18.0, "unlogged_fuel", 3)
    assert (found.value, found.limit) == (1.3713, 1.25)
