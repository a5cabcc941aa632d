"""Periods set aside by API: the effect first, then the deed, its history, and who may."""

from datetime import UTC, datetime
from typing import Any

import pytest

from devices.models import AssignmentHold
from emissions.rollups import roll_up_touched, touch_changed_setups
from tests import make
from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db

URL = "/api/mcu-devices/litein-1/set-aside/"
TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)
BODY = {
    "period_start": "2026-11-20T13:00:00+03:00",
    "period_end": "2026-11-20T14:00:00+03:00",
    "reason": "probe_out",
    "note": "Cleaned.",
}


@pytest.fixture(autouse=True)
def _device(cast: Cast) -> None:
    device = make.make_device(factory=cast.litein, device_id="litein-1")
    make.make_assignment(device=device, valid_from=datetime(2026, 11, 20, tzinfo=UTC))
    make.make_readings(device, TEN, 1440, co2_ppm=lambda i: 96_000.0 + i % 60)
    touch_changed_setups()
    roll_up_touched()


def post(as_user: AsUser, user: Any, path: str = "", **fields: Any) -> Any:
    body = None if path else BODY | fields
    return as_user(user).post(f"{URL}{path}", body, content_type="application/json")


def test_the_effect_is_shown_first_and_stores_nothing(cast: Cast, as_user: AsUser) -> None:
    response = post(as_user, cast.installer)

    shown = response.json()
    assert response.status_code == 202
    assert shown["before"]["hours_of_record"] == 1
    assert shown["before"]["measured_kg"] > 100
    assert shown["after"] == {"measured_kg": 0.0, "record_kg": 0.0, "hours_of_record": 0}
    assert not AssignmentHold.objects.exists()


def test_confirmed_it_is_stored_listed_and_taken_back(cast: Cast, as_user: AsUser) -> None:
    (made,) = post(as_user, cast.hq, confirm=True).json()["results"]
    taken = post(as_user, cast.installer, f"{made['id']}/take-back/")
    again = post(as_user, cast.installer, f"{made['id']}/take-back/")

    (listed,) = as_user(cast.auditor).get(URL).json()["results"]
    assert (made["period_start"], made["reason"], made["note"]) == ("2026-11-20T10:00:00Z", "probe_out", "Cleaned.")
    assert made["taken_back_at"] is None
    assert (listed["opened_by"], listed["taken_back_by"]) == (str(cast.hq), str(cast.installer))
    assert (taken.status_code, again.status_code, again.json()["code"]) == (200, 409, "not_set_aside")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"period_start": "2026-11-20T13:00:00"}, "period_start"),
        ({"period_end": "2026-11-20T13:00:00+03:00"}, "period_end"),
        ({"period_end": "2096-11-20T13:00:00+03:00"}, "period_end"),
        ({"reason": "dog"}, "reason"),
        ({"reason": "other", "note": ""}, "note"),
    ],
)
def test_a_fault_is_named_by_its_field(cast: Cast, as_user: AsUser, fields: dict[str, Any], name: str) -> None:
    for confirm in (False, True):
        response = post(as_user, cast.hq, **fields, confirm=confirm)

        assert (response.status_code, list(response.json()["fields"])) == (400, [name])
    assert not AssignmentHold.objects.exists()
