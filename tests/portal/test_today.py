"""Today of a factory: its first figure, empty states, who sees what, and how much it costs to make."""

import gzip
import html
import re
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from compliance.schedule import logs
from factories.choices import Item
from tests import make
from tests.cast import AsUser, Cast
from tests.measuring import queries_of
from tests.portal.logged_site import NOW, TODAY, YESTERDAY, day_start, log_days, make_site, measure

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
A_DAY = timedelta(days=1)
HTML_BUDGET = 12 * 1024  # compressed
SVG_BUDGET = 12 * 1024


def today(browser: Client, factory: Any) -> Any:
    response = browser.get(f"/factories/{factory.pk}/today/")
    assert response.status_code == 200
    return response


def text_of(response: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", response.content.decode())).split())


# --- Empty states --------------------------------------------------------------------------------
def test_the_first_day_opens_the_form_and_says_how_long_it_takes(cast: Cast, as_user: AsUser) -> None:
    page = text_of(today(as_user(cast.litein_manager), cast.litein))

    assert "No entries yet. Log last night's firewood. It takes 20 seconds." in page
    assert "No chimney sensor yet. Your entries count fully without it." in page
    assert "<dialog" not in page


def test_a_user_who_may_only_read_gets_no_form(cast: Cast, as_user: AsUser) -> None:
    empty = today(as_user(cast.auditor), cast.litein).content.decode()
    make_site(cast.litein, cast.litein_manager, days=3, measured_days=0)
    full = today(as_user(cast.auditor), cast.litein).content.decode()

    for page in (empty, full):
        assert "data-log-form" not in page
        assert "/log/" not in page


def test_wood_without_tea_shows_its_total_and_what_is_needed(cast: Cast, as_user: AsUser) -> None:
    make.make_energy_entry(cast.litein, amount=Decimal(10), timestamp=day_start(YESTERDAY))

    page = text_of(today(as_user(cast.litein_manager), cast.litein))

    assert "4,821 kg wood on 21 Nov. The figure per kg of tea appears when made tea is logged." in page
    assert "6.2 t CO2 from wood (biogenic, reported apart) and 0.11 t CO2e that counts" in page


def test_a_day_on_which_nothing_was_made_is_no_figure(cast: Cast, as_user: AsUser) -> None:
    log_days(cast.litein, cast.litein_manager, [YESTERDAY - A_DAY])
    make.make_energy_entry(cast.litein, amount=Decimal(10), timestamp=day_start(YESTERDAY))
    make.make_production(cast.litein, amount=Decimal(0), timestamp=day_start(YESTERDAY))

    lead = today(as_user(cast.litein_manager), cast.litein).context["page"].lead

    assert (lead.day.day, lead.figure.usual) == (YESTERDAY - A_DAY, None)
    assert lead.sentence.endswith("Your usual value appears after five such days.")


def test_a_figure_of_days_ago_says_so(cast: Cast, as_user: AsUser) -> None:
    log_days(cast.litein, cast.litein_manager, [YESTERDAY - back * A_DAY for back in range(3, 12)])

    page = text_of(today(as_user(cast.litein_manager), cast.litein))

    assert "Factory day 18 Nov (18 Nov 06:00 to 19 Nov 06:00), ended 3 days ago" in page
    assert "median of 8 of the 28 days before" in page


def test_the_hour_after_the_day_began_has_nothing_to_compare(
    cast: Cast, as_user: AsUser, clock: SimpleNamespace
) -> None:
    make_site(cast.litein, cast.litein_manager, days=3)
    clock.now = day_start(TODAY) + timedelta(minutes=50)

    page = today(as_user(cast.litein_manager), cast.litein)

    assert "its first whole hour is not over yet" in text_of(page)
    assert page.context["page"].stack.kg is None


def test_a_silent_sensor_is_shown_with_what_to_do_first(cast: Cast, as_user: AsUser) -> None:
    site = make_site(cast.litein, cast.litein_manager, days=3)
    assert site.assignment is not None
    type(site.assignment.device).objects.update(last_heartbeat=NOW - timedelta(hours=11))

    page = text_of(today(as_user(cast.litein_manager), cast.litein))

    assert "The chimney sensor has been silent since 03:20. Check its power first." in page


def test_a_mine_speaks_of_coal(cast: Cast, as_user: AsUser) -> None:
    mine = make.make_factory(organisation=cast.organisation, sector="coal_mine", country="IN")
    empty = text_of(today(as_user(cast.hq), mine))
    make.make_production(mine, product="coal", amount=Decimal(500), unit="t", timestamp=day_start(YESTERDAY))
    page = text_of(today(as_user(cast.hq), mine))

    assert "Log yesterday's coal, diesel and electricity" in empty
    assert "500,000 kg made on 21 Nov." in page
    assert "wood" not in page.split("Checked")[0].lower().replace("firewood", "")


# --- The same hours ------------------------------------------------------------------------------
def test_a_day_that_lacks_one_of_the_hours_is_not_compared(cast: Cast, as_user: AsUser) -> None:
    assignment = make.make_assignment(device=make.make_device(factory=cast.litein, last_heartbeat=NOW))
    within = [day_start(TODAY - back * A_DAY) + timedelta(hours=2) for back in (3, 9)]
    beyond = [day_start(TODAY - 5 * A_DAY) + timedelta(hours=12)]  # its hour is still to come today
    measure(assignment, day_start(TODAY - 28 * A_DAY), NOW.replace(minute=0), without=[*within, *beyond])

    stack = today(as_user(cast.litein_manager), cast.litein).context["page"].stack

    assert (stack.days_compared, stack.known_hours) == (26, 8)
    assert stack.chart.hours[2].kg is not None


def test_only_the_hours_that_today_has_are_compared(cast: Cast, as_user: AsUser) -> None:
    assignment = make.make_assignment(device=make.make_device(factory=cast.litein, last_heartbeat=NOW))
    missing = day_start(TODAY) + timedelta(hours=3)
    measure(assignment, day_start(TODAY - 28 * A_DAY), NOW.replace(minute=0), without=[missing])

    response = today(as_user(cast.litein_manager), cast.litein)

    stack = response.context["page"].stack
    assert (stack.known_hours, stack.whole_hours, stack.days_compared) == (7, 8, 28)
    assert stack.usual_kg < 7 * 790
    assert "7 of 8 whole hours measured" in text_of(response)
    assert [(span.x, span.width) for span in stack.chart.missing] == [("120", "40")]
    assert stack.chart.line_path.count("M") == 2, "the line stops at the hole"


def test_days_with_another_number_of_chimneys_are_not_compared(cast: Cast, as_user: AsUser) -> None:
    first = make_site(cast.litein, cast.litein_manager, days=1).assignment
    second = make.make_assignment(
        device=make.make_device(factory=cast.litein, last_heartbeat=NOW), valid_from=day_start(TODAY - 10 * A_DAY)
    )
    measure(second, day_start(TODAY - 10 * A_DAY), NOW.replace(minute=0))

    stack = today(as_user(cast.litein_manager), cast.litein).context["page"].stack

    assert first is not None
    assert stack.days_compared == 10


# --- What is missing -----------------------------------------------------------------------------
def test_a_hole_leads_to_the_form_of_its_day(cast: Cast, as_user: AsUser) -> None:
    log_days(cast.litein, cast.litein_manager, [YESTERDAY - back * A_DAY for back in range(5) if back != 2])

    missing = today(as_user(cast.litein_manager), cast.litein).context["page"].missing

    assert missing.days_counted == 5  # not since before the log began
    (cell,) = missing.rows[0].cells
    assert (cell.label, cell.url) == ("19 Nov", f"/factories/{cast.litein.pk}/log/?day=2026-11-19#row-firewood")


def test_a_bill_that_is_not_due_yet_is_awaited_and_not_missed(cast: Cast, as_user: AsUser) -> None:
    make.make_bill(cast.litein, 100_000, day_start(TODAY - 51 * A_DAY), day_start(TODAY - 21 * A_DAY))

    rows = {row.name: row for row in today(as_user(cast.hq), cast.litein).context["page"].missing.rows}

    assert (rows["electricity"].cells, rows["electricity"].note) == ((), "The next bill is due by 6 Dec.")
    assert len(rows["firewood"].cells) == 14


def test_a_late_bill_is_missed_for_the_days_after_its_date_as_on_morning(cast: Cast, as_user: AsUser) -> None:
    make.make_bill(cast.litein, 100_000, day_start(TODAY - 68 * A_DAY), day_start(TODAY - 38 * A_DAY))

    rows = {row.name: row for row in today(as_user(cast.hq), cast.litein).context["page"].missing.rows}
    log = logs([cast.litein], NOW)[cast.litein.pk]

    shown = [cell.day for cell in rows["electricity"].cells]
    missing = [day.day for day in (*log.due, log.yesterday) if Item.ELECTRICITY in day.missing]
    # The bill is overdue for three days, so all days since the last one are missing: 14 here, eight on Morning.
    assert shown == [YESTERDAY - back * A_DAY for back in reversed(range(14))]
    assert missing == shown[-8:]
    assert rows["electricity"].note == ""


# --- Cost ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["today/", "log/", "month/2026-11/", "month/2026-11/?day=2026-11-21"])
def test_queries_do_not_grow_with_rows(cast: Cast, as_user: AsUser, path: str) -> None:
    browser = as_user(cast.litein_manager)
    url = f"/factories/{cast.litein.pk}/{path}"
    make_site(cast.litein, cast.litein_manager, days=1, measured_days=1)
    browser.get(url)  # what is refreshed once stays refreshed
    few = queries_of(browser, url)

    log_days(cast.litein, cast.hq, [YESTERDAY - back * A_DAY for back in range(15)])
    make.make_assignment(device=make.make_device(factory=cast.litein, last_heartbeat=NOW))

    browser.get(url)  # what is refreshed once stays refreshed
    assert queries_of(browser, url) == few


def test_the_page_and_its_chart_are_light(cast: Cast, as_user: AsUser) -> None:
    make_site(cast.litein, cast.litein_manager)

    page = today(as_user(cast.litein_manager), cast.litein).content

    (chart,) = re.findall(rb"<figure class=\"band-chart\">.*?</svg>", page, re.S)
    assert len(gzip.compress(chart)) < SVG_BUDGET / 4
    assert len(gzip.compress(page)) < HTML_BUDGET


def test_labels_and_roles_say_what_a_screen_reader_needs(cast: Cast, as_user: AsUser) -> None:
    make_site(cast.litein, cast.litein_manager)

    page = today(as_user(cast.litein_manager), cast.litein).content.decode()

    inputs = re.findall(r"<input(?![^>]*type=\"(?:hidden|radio|checkbox)\")[^>]*\bid=\"([^\"]+)\"", page)
    assert len(inputs) == 20  # of them amount and cost of four refrigerants
    assert [name for name in inputs if f'for="{name}"' not in page] == []
    ids = re.findall(r"\bid=\"([^\"]+)\"", page)
    assert len(ids) == len(set(ids))
    described = re.findall(r"aria-(?:describedby|labelledby)=\"([^\"]+)\"", page)
    assert {name for names in described for name in names.split()} <= set(ids)
    assert page.count("<fieldset") == page.count("<legend") == 9
    svg = re.findall(r"<svg class=\"band-chart__plot\"[^>]*>", page)[0]
    assert 'role="img"' in svg
    assert "Stack CO2 by hour on 22 Nov, compared with the usual. 6 hours within" in svg
