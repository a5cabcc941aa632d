"""The link of a notice: for its recipient and its alarms, for 24 hours; opening it changes nothing."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client, override_settings

from alerts import links, notices
from alerts.choices import AlertState
from alerts.delivery import send_next
from alerts.models import Alert, AlertEvent
from alerts.notice_models import Delivery
from tests.alerts.notice_world import open_alarm, proven
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def alarm(cast: Cast) -> Alert:
    """Told to Litein's manager."""
    proven(cast.litein_manager)
    alert = open_alarm(cast.litein)
    notices.claim_events()
    assert send_next()
    return alert


def token() -> str:
    return links.token_of(Delivery.objects.latest("pk").pk)


def page(client: Client, method: str = "get", **data: str) -> tuple[int, str]:
    response = getattr(client, method)(f"/a/{token()}/", data)
    return response.status_code, response.content.decode()


def test_opening_shows_and_only_the_button_acknowledges(cast: Cast, client: Client, alarm: Alert) -> None:
    for _preview in range(3):
        status, text = page(client)
        assert (status, "Litein Tea Factory" in text, "I see to it" in text) == (200, True, True)
    client.head(f"/a/{token()}/")
    alarm.refresh_from_db()
    assert alarm.state == AlertState.OPEN

    status, text = page(client, "post", alarm=str(alarm.pk))

    alarm.refresh_from_db()
    assert (status, alarm.state, alarm.acknowledged_by) == (200, AlertState.ACKNOWLEDGED, cast.litein_manager)
    assert "I see to it" not in text
    assert "_auth_user_id" not in client.session  # it signs nobody in


def test_the_page_is_in_the_recipients_language(cast: Cast, client: Client, alarm: Alert) -> None:
    cast.litein_manager.language = "sw"
    cast.litein_manager.save()

    assert '<html lang="sw"' in page(client)[1]


def test_a_second_press_changes_nothing(client: Client, alarm: Alert) -> None:
    for _press in range(2):
        page(client, "post", alarm=str(alarm.pk))

    assert AlertEvent.objects.filter(alert=alarm, act="acknowledged").count() == 1


def test_it_is_short_and_nobody_makes_another(client: Client, alarm: Alert) -> None:
    good = token()
    assert len(good) == 18
    another = "A" if good[-2] != "A" else "B"
    same_bytes = good[:-1] + chr(ord(good[-1]) + 1)  # the last four bits of 18 characters are unused
    wrongs = (good[:-2] + another + good[-1], same_bytes, good[:-2], good + "A", "x", "%00", "é" * 18)
    for wrong in wrongs:
        assert links.open_link(wrong) is None
        assert client.get(f"/a/{wrong}/").status_code == 404


def test_it_ends_after_a_day(client: Client, alarm: Alert) -> None:
    one = Delivery.objects.get()
    assert one.done_at is not None
    Delivery.objects.update(done_at=one.done_at - timedelta(hours=23, minutes=59))
    assert page(client)[0] == 200
    Delivery.objects.update(done_at=one.done_at - timedelta(hours=24))
    assert page(client)[0] == 404
    assert page(client, "post", alarm=str(alarm.pk))[0] == 404
    alarm.refresh_from_db()
    assert alarm.state == AlertState.OPEN


@pytest.mark.parametrize("how", ["membership", "account"])
def test_it_ends_with_the_right_to_see_the_alarm(cast: Cast, client: Client, alarm: Alert, how: str) -> None:
    if how == "membership":
        cast.litein_manager.memberships.all().delete()
    else:
        cast.litein_manager.is_active = False
        cast.litein_manager.save()

    assert page(client)[0] == 404
    assert page(client, "post", alarm=str(alarm.pk))[0] == 404


def test_it_acknowledges_no_other_alarm(cast: Cast, client: Client, alarm: Alert) -> None:
    other = open_alarm(cast.litein)

    page(client, "post", alarm=str(other.pk))

    other.refresh_from_db()
    assert other.state == AlertState.OPEN


def test_the_link_of_a_digest_shows_all_its_alarms(cast: Cast, client: Client) -> None:
    proven(cast.litein_manager)
    alarms = [open_alarm(cast.litein) for _each in range(3)]
    notices.claim_events()
    send_next()

    assert "3 alarms" in page(client)[1]
    page(client, "post", alarm="all")

    states = set(Alert.objects.filter(pk__in=[one.pk for one in alarms]).values_list("state", flat=True))
    assert states == {AlertState.ACKNOWLEDGED}


def test_it_holds_through_a_change_of_the_secret_key(client: Client, alarm: Alert, settings: SimpleNamespace) -> None:
    good, old = token(), settings.SECRET_KEY
    with override_settings(SECRET_KEY="another"):
        assert links.open_link(good) is None
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[old]):
        assert links.open_link(good) is not None
