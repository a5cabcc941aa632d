"""Cards as known at a moment: from the history, down to the entry as it was typed then."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.roles import Role
from compliance.explain import identity
from compliance.explain.explain import explain, zones_of
from compliance.explain.ladder import with_ladder
from compliance.explain.sites import Book
from energy.services import energy_log
from factories.choices import SubstitutionMethod
from tests import make
from tests.cast import signed_in
from tests.compliance.build import make_hours
from tests.compliance.explain.walking import walk
from tests.compliance.test_known import now

DAY = date(2026, 11, 20)


@pytest.mark.django_db(transaction=True)
def test_card_as_known_before_a_correction_holds_what_was_typed_first() -> None:
    factory = make.make_factory()
    user = make.make_user(email="reader@test.example")
    make.make_membership(user=user, role=Role.FACTORY_MANAGER, organisation=factory.organisation, factory=factory)
    start = datetime(2026, 11, 20, 3, tzinfo=UTC)
    entry = make.make_energy_entry(factory, user=user, timestamp=start)
    make_hours(make.make_assignment(device=make.make_device(factory=factory)), start, 24)
    figures = [
        identity.site(factory.pk, DAY, DAY, "scope1_co2e_kg"),
        identity.site(factory.pk, DAY, DAY, "biogenic_co2_kg"),
        identity.of_row("entry", entry.pk, "amount"),
        identity.of_row("share", entry.pk, "co2e_kg", DAY),
    ]
    first = [explain(figure, user).value for figure in figures]
    before = now()
    energy_log.correct(user, entry.pk, {"amount": Decimal(36)}, "weighed again")

    then = Book(now(), before)
    assert [explain(figure, user, book=then).value for figure in figures] == first
    assert first[2] == 24
    assert explain(figures[2], user).value == 36
    assert explain(figures[0], user).value != first[0]
    for figure in figures:
        walk(figure, user, then)
    answer = signed_in(user).get("/api/explain/", {"figure": figures[2], "as_known_on": before.isoformat()}).json()
    assert answer["value"] == "24.000000"
    page = signed_in(user).get("/explain/", {"figure": figures[0], "as_known_on": before.isoformat()}).content.decode()
    assert "As known on" in page
    assert "weighed again" not in page
    assert "?figure=&amp;" not in page  # an input has no card
    assert "weighed again" in signed_in(user).get("/explain/", {"figure": figures[0]}).content.decode()
    for figure in figures:
        rungs = {rung.key: rung.rows for rung in with_ladder(explain(figure, user, book=then), user).rungs}
        assert rungs["factors"]
        assert [row[2] for row in rungs["history"]] == ["24 stere"]


@pytest.mark.django_db(transaction=True)
def test_a_gap_keeps_the_substitution_method_of_the_moment() -> None:
    factory = make.make_factory()
    user = make.make_user(email="reader@test.example")
    make.make_membership(user=user, role=Role.FACTORY_MANAGER, organisation=factory.organisation, factory=factory)
    start = datetime(2026, 11, 20, 3, tzinfo=UTC)
    make.make_energy_entry(factory, user=user, timestamp=start)
    assignment = make.make_assignment(device=make.make_device(factory=factory))
    make_hours(assignment, start, 23)
    before = now()
    figure = identity.hours("chimney", assignment.chimney_id, start, start + timedelta(days=1))
    shown = with_ladder(explain(figure, user, book=Book(now(), before)), user)

    factory.organisation.substitution_method = SubstitutionMethod.EU
    factory.organisation.save()
    again = with_ladder(explain(figure, user, book=Book(now(), before)), user)

    assert zones_of(figure) == [factory.zone]
    assert len(shown.operands) == 24
    assert (again.value, again.operands, again.rungs) == (shown.value, shown.operands, shown.rungs)
    assert ["fuel_based" in row for rung in again.rungs if rung.key == "hours" for row in rung.rows].count(True) == 1
