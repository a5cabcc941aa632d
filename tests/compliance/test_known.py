"""Bitemporal round trip: after any history of a site, each figure is found again as it was shown at its moment."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from compliance import queries
from compliance.inventory.build import build
from compliance.known.diff import diff
from compliance.site_days import refresh
from devices.models import Assignment
from emissions.models import EmissionHour
from energy.models import EnergyEntry
from energy.services import energy_log
from factories.models import EmissionSource, Factory, Organisation
from lib.errors import ApiError
from lib.times import read_known_on
from production.models import ProductionEntry
from production.services import production_log
from tests import make
from tests.compliance.build import hour_of, make_production

BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
FIRST, END = date(2026, 9, 1), date(2026, 11, 1)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FUELS = (("firewood", "t"), ("diesel", "L"), ("electricity", "kWh"))

amounts = st.integers(1, 500)
places = st.integers(0, 40)
acts = st.one_of(
    st.tuples(st.just("use"), st.sampled_from(FUELS), amounts, places, st.integers(1, 35)),
    st.tuples(st.just("made"), amounts, places),
    st.tuples(st.sampled_from(("correct", "correct_made")), places, amounts),
    st.tuples(st.sampled_from(("delete", "undo", "delete_made")), places),
    st.tuples(st.just("hours"), places, st.integers(1, 30), amounts),  # late readings, or none any more: of 500 kg
    st.tuples(st.just("settings"), st.sampled_from(("gwp", "method", "day", "zone", "source", "device")), amounts),
)
histories = st.lists(st.lists(acts, min_size=1, max_size=2), min_size=1, max_size=7)  # each list is one transaction


def now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


class World:
    """One site with a boiler, a chimney and its device, and what people and devices do there."""

    def __init__(self) -> None:
        self.user: User = make.make_user()
        self.factory: Factory = make.make_factory(altitude_is_estimated=False)
        chimney = make.make_chimney(factory=self.factory)
        self.assignment: Assignment = make.make_assignment(chimney=chimney, valid_from=BEGIN)
        EmissionSource.objects.filter(factory=self.factory, kind="boiler").update(chimney=chimney)

    def act(self, name: str, *values: Any) -> None:
        do: Callable[..., Any] = getattr(self, f"_{name}")
        do(*values)

    def _use(self, fuel: tuple[str, str], amount: int, place: int, days: int) -> None:
        start = BEGIN + place * DAY
        period = {"period_start": start, "period_end": min(start + days * DAY, BEGIN + 80 * DAY)}
        make.make_energy_entry(
            self.factory, user=self.user, energy_type=fuel[0], unit=fuel[1], amount=Decimal(amount), **period
        )

    def _made(self, amount: int, place: int) -> None:
        make_production(self.factory, amount, BEGIN + place * DAY)

    def _picked(self, model: Any, place: int) -> Any:
        rows = list(model.objects.filter(factory=self.factory).order_by("pk"))
        return rows[place % len(rows)].pk if rows else 0

    def _correct(self, place: int, amount: int) -> None:
        energy_log.correct(self.user, self._picked(EnergyEntry, place), {"amount": Decimal(amount)}, "weighed again")

    def _correct_made(self, place: int, amount: int) -> None:
        ProductionEntry.objects.filter(pk=self._picked(ProductionEntry, place)).update(amount_kg=amount)

    def _delete(self, place: int) -> None:
        energy_log.delete(self.user, self._picked(EnergyEntry, place), "of the other site")

    def _delete_made(self, place: int) -> None:
        production_log.delete(self.user, self._picked(ProductionEntry, place), "twice")

    def _undo(self, place: int) -> None:
        energy_log.undo(self.user, self._picked(EnergyEntry, place))

    def _hours(self, place: int, count: int, kg: int) -> None:
        start = BEGIN + place * DAY
        EmissionHour.objects.filter(
            device=self.assignment.device, period_start__gte=start, period_start__lt=start + count * HOUR
        ).delete()
        if kg < 500:
            EmissionHour.objects.bulk_create(hour_of(self.assignment, start + n * HOUR, kg=kg) for n in range(count))

    def _settings(self, name: str, number: int) -> None:
        organisation = Organisation.objects.filter(pk=self.factory.organisation_id)
        site = Factory.objects.filter(pk=self.factory.pk)
        if name == "gwp":
            organisation.update(gwp_set=("AR4", "AR5", "AR6")[number % 3])
        elif name == "method":
            organisation.update(substitution_method=("fuel_based", "epa", "eu")[number % 3])
        elif name == "day":
            site.update(day_starts_at=number % 24)
        elif name == "zone":
            site.update(time_zone=("Africa/Nairobi", "Asia/Kolkata")[number % 2])
        elif name == "source":
            last_day = FIRST + timedelta(days=number % 60)
            EmissionSource.objects.filter(factory=site.get(), kind="boiler").update(last_day=last_day)
        else:
            Assignment.objects.filter(pk=self.assignment.pk).update(valid_to=BEGIN + (1 + number % 60) * DAY)

    def shown(self, moment: datetime | None) -> Any:
        """Every site day and the whole inventory, to the last bit."""
        factory = Factory.objects.select_related("organisation").get(pk=self.factory.pk)
        refresh([factory.pk])
        days = [queries.series([factory.pk], FIRST, END, by=by, as_known_on=moment) for by in ("day", "month")]
        inventory = build([factory], FIRST, END, as_known_on=moment)
        return (
            days,
            inventory.gwp_set,
            inventory.lines,
            inventory.completeness,
            inventory.made_kg,
            inventory.inputs_sha256,
        )


@pytest.mark.django_db(transaction=True)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories)
def test_each_figure_is_found_again_as_it_was_shown(history: list[list[tuple[Any, ...]]]) -> None:
    world = World()
    shown = [(now(), world.shown(None))]
    for together in history:
        with transaction.atomic() if len(together) > 1 else nullcontext():
            for name, *values in together:
                try:
                    with transaction.atomic():
                        world.act(name, *values)
                except (ApiError, EnergyEntry.DoesNotExist, ProductionEntry.DoesNotExist):
                    continue  # nothing to correct, or not any more: refused as a person would be
        shown.append((now(), world.shown(None)))

    for moment, figure in shown:
        assert world.shown(moment) == figure
    assert world.shown(now()) == shown[-1][1]
    for start, end in [*pairwise(moment for moment, _figure in shown), (shown[0][0], shown[-1][0])]:
        found = diff([world.factory], FIRST, END, start, end)
        effects = [cause.effect for cause in found.causes if cause.effect is not None]
        assert [sum(parts) for parts in zip(*effects, strict=True)] == list(found.amounts if effects else [])
        assert any(found.amounts) <= bool(effects)
        assert len(found.causes) > 0 or world.shown(start)[2] == world.shown(end)[2]


@pytest.mark.django_db(transaction=True)
def test_before_a_site_was_known_there_is_nothing() -> None:
    before = now()
    world = World()
    world.act("use", FUELS[0], 10, 0, 1)

    days, _set, lines, completeness, made_kg, _digest = world.shown(before)

    assert (days, lines, completeness, made_kg) == ([[], []], (), (), {})


def test_a_day_is_its_end_at_the_site_and_nothing_is_known_of_the_future(clock: Any, manager: Any, cast: Any) -> None:
    """At 12:00 in Nairobi on 22 November 2026: the 21st ended at 21:00 UTC."""
    zone = ZoneInfo("Africa/Nairobi")
    asked = {text: read_known_on({"as_known_on": text}, [zone]) for text in ("2026-11-21", "2026-11-22", "")}
    path = f"/api/factories/{cast.litein.pk}/intensity/"

    assert asked["2026-11-21"] == datetime(2026, 11, 21, 20, 59, 59, 999_999, tzinfo=UTC)
    assert (asked["2026-11-22"], asked[""]) == (clock.now, None)
    for text in ("2026-11-23", "2026-11-22T12:00:01+03:00", "2026-11-22T12:00:00", "soon"):
        assert manager.get(path, {"as_known_on": text}).status_code == 400
    early = manager.get(path, {"as_known_on": "2026-11-20T00:00:00Z", "from": "2026-11-01"})
    assert early.json()["results"] == []
    assert "Litein Tea Factory, is known since" in early.json()["note"]
