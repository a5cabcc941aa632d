"""POST of readings: the rules and counters of MQTT, the scope and rights of the user."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pgtrigger
import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role, Scope
from emissions.models import STREAM_OFFSET, Emission
from lib.errors import ApiError
from mqtt_ingest.api import store_posted
from mqtt_ingest.models import RejectedMessage
from mqtt_ingest.queries import counters
from tests.make import make_device, make_factory, make_membership, make_organisation, make_token, make_user

pytestmark = pytest.mark.django_db

WHEN = "2026-11-21T08:00:00+03:00"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 22, 12, tzinfo=UTC))


@pytest.fixture
def people(db: None) -> SimpleNamespace:
    """Who posts. Without passwords: hashing them would take longer than the tests."""
    ours = make_organisation()
    litein = make_factory(organisation=ours, name="Litein Tea Factory")

    def person(role: Role) -> User:
        user = make_user(password=None)
        make_membership(user=user, role=role, organisation=ours)
        return user

    return SimpleNamespace(
        litein=litein,
        elsewhere=make_factory(),
        hq=person(Role.HQ_MANAGER),
        auditor=person(Role.AUDITOR),
        integrator=person(Role.INTEGRATOR),
    )


@pytest.fixture
def device(people: SimpleNamespace) -> Any:
    return make_device(factory=people.litein, device_id="litein-1", interval_s=10.0)


def posted(**fields: Any) -> dict[str, Any]:
    values = {"device": "litein-1", "timestamp": WHEN, "co2_ppm": 93250, "temperature_c": 181.5, "velocity_ms": 3.25}
    return {name: value for name, value in (values | fields).items() if value is not ...}


def test_a_reading_without_an_interval_has_that_of_its_own_time(people: SimpleNamespace, device: Any) -> None:
    device.interval_s = 60.0
    device.save()
    with pgtrigger.ignore("devices.MCUDeviceEvent:append_only"):
        for event, minutes in zip(device.events.order_by("pgh_id"), (60, 15), strict=True):  # the registry's history
            device.events.filter(pk=event.pk).update(pgh_created_at=timezone.now() - timedelta(minutes=minutes))

    for minutes in (90, 30, 0):  # before it was registered, before the change, after it
        measured_at = timezone.now() - timedelta(minutes=minutes)
        store_posted(people.hq, posted(timestamp=measured_at.isoformat()))

    assert list(Emission.objects.order_by("timestamp").values_list("interval_s", flat=True)) == [10.0, 10.0, 60.0]


def test_one_reading_is_stored_with_the_devices_interval(people: SimpleNamespace, device: Any) -> None:
    result = store_posted(people.hq, posted())

    row = Emission.objects.get()
    assert (result.received, result.stored, result.duplicate, result.rejected) == (1, 1, 0, [])
    assert row.timestamp == datetime(2026, 11, 21, 5, tzinfo=UTC)
    assert (row.device_id, row.stream + STREAM_OFFSET, row.seq, row.interval_s) == (device.pk, 0, 0, 10.0)
    assert (row.co2_ppm, row.temperature_c, row.velocity_ms) == (93250.0, 181.5, 3.25)


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("name", [{}, {"stream": 7, "seq": 3}])
def test_the_same_time_or_seq_with_other_values_is_a_conflict(people: SimpleNamespace, name: dict[str, int]) -> None:
    store_posted(people.hq, posted(**name))

    result = store_posted(people.hq, [posted(**name), posted(**name, co2_ppm=111), posted(**name, velocity_ms=9)])

    assert (result.stored, result.duplicate) == (0, 1)
    assert [(item.index, item.reason) for item in result.rejected] == [(1, "conflict"), (2, "conflict")]
    assert "is stored already with other values" in result.rejected[0].detail
    assert Emission.objects.get().co2_ppm == 93250.0


@pytest.mark.usefixtures("device")
def test_the_same_call_again_changes_nothing(people: SimpleNamespace) -> None:
    body = [posted(), posted(timestamp="2026-11-21T08:00:05+03:00"), posted(timestamp="2026-11-21T05:00:00Z")]

    first, second = store_posted(people.hq, body), store_posted(people.hq, body)

    assert (first.stored, first.duplicate) == (2, 1)
    assert (second.stored, second.duplicate) == (0, 3)
    assert counters().received == 6


@pytest.mark.usefixtures("device")
def test_stream_and_seq_identify_a_reading_when_given(people: SimpleNamespace) -> None:
    body = [posted(stream=7, seq=1), posted(stream=7, seq=1), posted(stream=7, seq=2), posted(stream=8, seq=1)]

    result = store_posted(people.hq, body)

    assert (result.stored, result.duplicate) == (3, 1)


@pytest.mark.parametrize("seq", [0, ...], ids=["seq 0", "no seq"])
@pytest.mark.usefixtures("device")
def test_without_a_seq_device_and_time_identify_it_whatever_stream_is_named(
    people: SimpleNamespace, seq: object
) -> None:
    bodies = [posted(seq=seq), posted(seq=seq, stream=7), posted(seq=seq, stream=2**32 - 1)]

    at_once = store_posted(people.hq, bodies)
    again = [store_posted(people.hq, body) for body in bodies]

    assert (at_once.stored, at_once.duplicate) == (1, 2)
    assert [(one.stored, one.duplicate) for one in again] == [(0, 1)] * 3
    assert Emission.objects.get().stream + STREAM_OFFSET == 0


def test_a_posted_mean_takes_no_more_of_a_stream_than_it_was_made_of(people: SimpleNamespace, device: Any) -> None:
    sound = posted(stream=99, seq=12, seq_from=1, n=12, span_s=60)
    wide = posted(stream=99, seq=112, seq_from=1, n=111, span_s=60)
    whole = posted(stream=99, seq=2**31 - 1, seq_from=1, n=1, span_s=1)

    result = store_posted(people.hq, [sound, wide, whole])

    assert (result.stored, [refused.reason for refused in result.rejected]) == (1, ["bad_schema"] * 2)
    assert "112 readings, above n=111" in result.rejected[0].detail
    assert "2147483647 readings" in result.rejected[1].detail
    assert device.streams.get().received == "{[1,13)}"


@pytest.mark.usefixtures("device")
def test_milliseconds_serve_as_time_too(people: SimpleNamespace) -> None:
    store_posted(people.hq, posted(timestamp=..., t=1_795_262_405_123))

    assert Emission.objects.get().timestamp == datetime(2026, 11, 21, 12, 0, 5, 123_000, tzinfo=UTC)


REFUSED = {
    "no device": (posted(device=...), "bad_schema", "device is missing"),
    "unknown device": (posted(device="nobody"), "unknown_device", "nobody"),
    "device of others": (posted(device="elsewhere-1"), "unknown_device", "elsewhere-1"),
    "revoked": (posted(device="litein-old"), "revoked", "litein-old"),
    "no time": (posted(timestamp=...), "bad_schema", "field t"),
    "two times": (posted(t=1), "bad_schema", "not both"),
    "time without offset": (posted(timestamp="2026-11-21T08:00:00"), "bad_schema", "offset"),
    "no time at all": (posted(timestamp="soon"), "bad_schema", "'soon'"),
    "impossible time": (posted(timestamp="2026-02-31T00:00:00Z"), "bad_schema", "2026-02-31"),
    "future": (posted(timestamp="2026-11-22T12:02:01Z"), "future_time", "121 s"),
    "too old": (posted(timestamp="2025-11-20T00:00:00Z"), "too_old", "366 days"),
    "value is text": (posted(co2_ppm="high"), "bad_schema", 'co2_ppm="high"'),
    "value is missing": (posted(velocity_ms=...), "bad_schema", "velocity_ms"),
    "null without its flag": (posted(co2_ppm=None), "bad_schema", "flag 1"),
    "infinite": (posted(co2_ppm=float("inf")), "bad_schema", "co2_ppm"),
    "no object": (17, "bad_schema", "object"),
    "NUL in the device": (posted(device="a\x00b"), "unknown_device", "there is no device"),
}


@pytest.mark.parametrize(("item", "reason", "words"), REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.usefixtures("device")
def test_a_bad_reading_is_refused_and_the_others_stored(
    people: SimpleNamespace, item: object, reason: str, words: str
) -> None:
    make_device(factory=people.elsewhere, device_id="elsewhere-1")
    make_device(factory=people.litein, device_id="litein-old", revoked_at=timezone.now() - timedelta(days=1))

    result = store_posted(people.hq, [posted(), item, posted(timestamp="2026-11-21T08:00:05+03:00")])

    (refused,) = result.rejected
    assert (result.received, result.stored) == (3, 2)
    assert (refused.index, refused.reason) == (1, reason)
    assert words in refused.detail
    assert RejectedMessage.objects.get().topic == "POST /api/emissions/"
    assert counters().rejected == {reason: 1}


@pytest.mark.usefixtures("device")
def test_a_reading_for_a_device_of_others_is_not_shown_to_them(people: SimpleNamespace) -> None:
    make_device(factory=people.elsewhere, device_id="elsewhere-1")

    store_posted(people.hq, posted(device="elsewhere-1"))

    assert RejectedMessage.objects.get().topic_device_id == ""


@pytest.mark.usefixtures("device")
def test_a_user_who_may_only_read_gets_403_and_nothing_is_stored(people: SimpleNamespace) -> None:
    with pytest.raises(PermissionDenied):
        store_posted(people.auditor, posted())

    assert counters().received == 0


@pytest.mark.parametrize("body", [None, 5, "x", [], {}.values()], ids=["null", "number", "text", "empty", "no list"])
def test_a_body_of_another_shape_is_400(people: SimpleNamespace, body: object) -> None:
    with pytest.raises(ApiError) as raised:
        store_posted(people.hq, body)

    assert raised.value.status_code == 400


def test_more_than_500_readings_are_413(people: SimpleNamespace) -> None:
    with pytest.raises(ApiError, match="501 readings are above the limit of 500") as raised:
        store_posted(people.hq, [posted()] * 501)

    assert raised.value.status_code == 413


def test_a_posted_reading_says_that_the_device_lived_when_it_measured(people: SimpleNamespace, device: Any) -> None:
    store_posted(people.hq, posted())

    device.refresh_from_db()
    assert device.last_heartbeat == Emission.objects.get().timestamp


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("word", ["nan", "NaN", "-inf"])
def test_a_nan_costs_its_reading_and_not_the_call(people: SimpleNamespace, client: Client, word: str) -> None:
    token = make_token(people.integrator, Scope.WRITE_EMISSIONS)
    body = json.dumps([posted(), posted(timestamp="2026-11-21T08:00:05+03:00", velocity_ms=float("nan"))])

    response = client.post(
        "/api/emissions/",
        body.replace("NaN", word),
        content_type="application/json",
        headers={"Authorization": f"Token {token}"},
    )

    answer = response.json()
    assert (response.status_code, answer["stored"]) == (200, 1)
    assert [(refused["index"], refused["reason"]) for refused in answer["rejected"]] == [(1, "not_json")]
    assert answer["rejected"][0]["detail"].startswith("velocity_ms=")


@pytest.mark.usefixtures("device")
def test_the_endpoint_answers_what_became_of_each(people: SimpleNamespace, client: Client) -> None:
    token = make_token(people.integrator, Scope.WRITE_EMISSIONS)

    response = client.post(
        "/api/emissions/",
        [posted(), posted(co2_ppm="x")],
        content_type="application/json",
        headers={"Authorization": f"Token {token}"},
    )

    assert response.status_code == 200
    answer = response.json()
    assert (answer["received"], answer["stored"], answer["duplicate"]) == (2, 1, 0)
    assert [(refused["index"], refused["reason"]) for refused in answer["rejected"]] == [(1, "bad_schema")]
