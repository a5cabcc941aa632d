"""The morning brief at 06:00 of the site's clock."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core import mail

from alerts.brief import make_briefs
from alerts.delivery import send_next
from alerts.notice_models import Delivery
from compliance import site_days
from tests import make
from tests.alerts.notice_world import open_alarm, proven, settings_of, sms
from tests.cast import Cast

pytestmark = pytest.mark.django_db
AT_SIX = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # 06:00 in Nairobi


def log(cast: Cast, day: datetime, stere: str) -> None:
    """Wood and 11,500 kg of made tea of a whole factory day."""
    period = {"timestamp": None, "period_start": day, "period_end": day + timedelta(days=1)}
    make.make_energy_entry(cast.litein, amount=Decimal(stere), **period)
    make.make_production(cast.litein, **period)


def test_it_comes_once_a_day_at_six_of_the_sites_clock(cast: Cast, clock: SimpleNamespace) -> None:
    proven(cast.litein_manager)
    proven(cast.momul_manager)  # wants none
    settings_of(cast.litein_manager, wants_brief=True)
    clock.now = AT_SIX - timedelta(minutes=1)
    assert make_briefs() == 0
    clock.now = AT_SIX
    assert [make_briefs(), make_briefs()] == [1, 0]
    clock.now += timedelta(hours=3)
    assert make_briefs() == 0
    clock.now = AT_SIX + timedelta(days=1)
    assert make_briefs() == 1
    clock.now = AT_SIX + timedelta(days=2, hours=4)  # too late to be a brief at six
    assert make_briefs() == 0


def test_an_archived_site_has_none(cast: Cast, clock: SimpleNamespace) -> None:
    """Litein comes first; once it is archived, headquarters reads of the others."""
    proven(cast.hq)
    proven(cast.litein_manager)
    for user in (cast.hq, cast.litein_manager):
        settings_of(user, wants_brief=True)
    cast.litein.archived_at = AT_SIX - timedelta(days=3)
    cast.litein.save()
    clock.now = AT_SIX

    assert make_briefs() == 1
    assert Delivery.objects.get().factory != cast.litein


@pytest.mark.parametrize(
    ("day", "hour_utc"),
    [(datetime(2026, 3, 28, tzinfo=UTC), 5), (datetime(2026, 3, 29, tzinfo=UTC), 4)],  # CET; from 02:00 on CEST
)
def test_six_is_six_on_both_sides_of_a_change_of_the_clock(
    cast: Cast, clock: SimpleNamespace, day: datetime, hour_utc: int
) -> None:
    cast.litein.time_zone = "Europe/Berlin"
    cast.litein.save()
    proven(cast.litein_manager)
    settings_of(cast.litein_manager, wants_brief=True)

    clock.now = day + timedelta(hours=hour_utc, minutes=-1)
    assert make_briefs() == 0
    clock.now = day + timedelta(hours=hour_utc)
    assert make_briefs() == 1


def test_it_says_yesterday_against_thirty_days_and_one_thing_to_do(cast: Cast, clock: SimpleNamespace) -> None:
    """Both days made 11,500 kg of tea; wood was twice as much yesterday, so its figure is twice that of before."""
    proven(cast.litein_manager)
    settings_of(cast.litein_manager, wants_brief=True)
    clock.now = AT_SIX
    log(cast, AT_SIX - timedelta(days=2), "10")
    log(cast, AT_SIX - timedelta(days=1), "20")
    site_days.refresh([cast.litein.pk])
    open_alarm(cast.litein)
    make_briefs()
    Delivery.objects.update(due_at=clock.now)

    assert send_next()

    body = mail.outbox[0].body
    figures = [float(number) for number in re.findall(r"\d+\.\d+", str(body))]
    assert mail.outbox[0].subject == "Litein Tea Factory on 21 Nov"
    assert "kg of wood for each kg of product" in body
    assert figures[0] == pytest.approx(2 * figures[1], rel=0.01)  # as printed, to three digits
    assert "First: Litein Tea Factory" in body


def test_without_a_figure_and_an_alarm_it_says_so(cast: Cast, clock: SimpleNamespace) -> None:
    sms(cast.hq)
    mailed = proven(cast.hq)
    settings_of(cast.hq, wants_brief=True)
    clock.now = AT_SIX
    make_briefs()
    assert Delivery.objects.get().channel == mailed  # an SMS costs money
    Delivery.objects.update(due_at=clock.now)

    send_next()

    assert mail.outbox[0].subject == "Tea Group on 21 Nov"
    assert "no figure yet" in mail.outbox[0].body
    assert "No alarm is open." in mail.outbox[0].body
