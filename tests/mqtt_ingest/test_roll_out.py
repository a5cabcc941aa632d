"""A roll-out step by step: the first device is watched, the others follow, a fault halts it and all go back."""

import base64
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from devices.models import MCUDevice
from lib.errors import ApiError
from mqtt_ingest.asking import ask_device
from mqtt_ingest.choices import CommandCause, CommandState, RollOutState, UpdateProblem, UpdateState
from mqtt_ingest.commands import Sender, take_due, withdraw
from mqtt_ingest.liveness import SETTLED_AFTER, note_storing
from mqtt_ingest.models import DeviceCommand, DeviceUpdate, RollOut
from mqtt_ingest.roll_out import RollOutPlan, halt_by_person, keep_roll_outs, start_roll_out
from mqtt_ingest.store import store
from tests.cast import AsUser, Cast
from tests.make import make_assignment, make_device, make_user
from tests.mqtt_ingest.build import arrival
from tests.mqtt_ingest.firmware import make_image, make_minutes, use_key
from tests.mqtt_ingest.foreign_build import give_profile
from tests.mqtt_ingest.outages import ingest_stores

pytestmark = pytest.mark.django_db
WATCH_S = 1_800


class Network:
    """Devices of one organisation that measure well, with two images: the one they run and the next."""

    def __init__(self, settings: Any, monkeypatch: pytest.MonkeyPatch, cast: Cast, count: int) -> None:
        use_key(settings)
        self.now = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: self.now)
        ingest_stores()
        self.devices = [
            make_device(factory=cast.litein, device_id=f"d-{n}", firmware="1.0.0", reported_online=True)
            for n in range(count)
        ]
        self.old, self.new = (make_image(cast.organisation, version) for version in ("1.0.0", "1.1.0"))
        for device in self.devices:
            make_assignment(device=device, is_of_record=device is self.devices[0])
            self.measures(device, -WATCH_S, 0)
            self.says(device, "1.0.0")

    def start(self) -> RollOut:
        plan = RollOutPlan(self.devices[:1], self.devices[1:], WATCH_S, "Reads the new sensor.")
        return start_roll_out(self.new, plan, make_user())

    def later(self, seconds: float, *, outage: bool = False) -> None:
        while seconds > 0:
            step_s = min(seconds, 30)
            self.now += timedelta(seconds=step_s)
            seconds -= step_s
            if not outage:
                note_storing()

    def measures(self, device: MCUDevice, from_s: float, to_s: float, **shares: float) -> None:
        at: datetime = self.now
        make_minutes(device, at + timedelta(seconds=from_s), at + timedelta(seconds=to_s), **shares)

    def says(self, device: MCUDevice, version: str, *, online: bool = True) -> None:
        said: dict[str, Any] = {"v": 1, "online": online}
        if online:
            said |= {"stream": 7, "firmware": version, "outbox": 0}
        now_ms = int(self.now.timestamp() * 1000)
        store([arrival(device, said, "status", received_ms=now_ms)])

    def answers(self, device: MCUDevice, *, ok: bool = True) -> DeviceCommand:
        command = DeviceCommand.objects.filter(device=device).latest("pk")
        error = None if ok else "no room in flash"
        now_ms = int(self.now.timestamp() * 1000)
        ack = {"v": 1, "id": command.command_id, "ok": ok, "error": error}
        store([arrival(device, ack, "acks", received_ms=now_ms)])
        return command

    def updates(self, device: MCUDevice, version: str = "1.1.0") -> None:
        """It answers and comes back; the job notices."""
        take_due(self.now)
        self.answers(device)
        self.later(120)
        self.says(device, version)
        keep_roll_outs()

    def runs(self, device: MCUDevice, seconds: float, version: str = "1.1.0", **shares: float) -> None:
        self.later(seconds)
        self.measures(device, -seconds + 60, 0, **shares)
        self.says(device, version)
        keep_roll_outs()


@pytest.fixture
def network(settings: Any, monkeypatch: pytest.MonkeyPatch, cast: Cast) -> Network:
    return Network(settings, monkeypatch, cast, 3)


def state_of(roll_out: RollOut) -> tuple[str, str]:
    roll_out.refresh_from_db()
    return roll_out.state, roll_out.problem


def states(roll_out: RollOut) -> dict[str, str]:
    return dict(roll_out.updates.values_list("device__device_id", "state"))


def test_the_others_follow_when_the_first_runs_it_well(network: Network) -> None:
    first, *rest = network.devices
    roll_out = network.start()
    assert [(one.device, one.cause) for one in DeviceCommand.objects.all()] == [(first, CommandCause.ROLL_OUT)]

    network.updates(first)
    network.runs(first, WATCH_S)
    assert state_of(roll_out) == (RollOutState.FIRST, "")
    network.runs(first, 360)
    assert state_of(roll_out) == (RollOutState.REST, "")
    for device in rest:
        network.updates(device)
    network.later(WATCH_S + 400)
    for device in network.devices:
        network.measures(device, -WATCH_S - 340, 0)
        network.says(device, "1.1.0")
    keep_roll_outs()

    assert state_of(roll_out) == (RollOutState.DONE, "")
    assert set(states(roll_out).values()) == {UpdateState.FINE}
    update = DeviceUpdate.objects.get(device=first)
    assert (update.version_before, update.good_before) == ("1.0.0", 1.0)
    assert update.received_before == pytest.approx(1.0, abs=0.04)  # whole minutes against a window of seconds
    assert keep_roll_outs() == 0


@pytest.mark.parametrize(
    ("shares", "problem"), [({"good": 0.7}, UpdateProblem.FEWER_GOOD), ({"received": 0.6}, UpdateProblem.MORE_GAPS)]
)
def test_a_first_device_that_measures_worse_halts_it_and_goes_back(
    shares: dict[str, float], problem: UpdateProblem, network: Network
) -> None:
    first = network.devices[0]
    roll_out = network.start()
    network.updates(first)

    network.runs(first, 1_200, **shares)

    assert state_of(roll_out) == (RollOutState.HALTED, problem)
    back = DeviceCommand.objects.latest("pk")
    assert (back.device, back.cause, back.arguments["sha256"]) == (first, CommandCause.ROLL_BACK, network.old.sha256)
    assert DeviceCommand.objects.count() == 2  # the others were never asked
    network.updates(first, "1.0.0")
    assert state_of(roll_out) == (RollOutState.ROLLED_BACK, problem)
    assert states(roll_out)["d-0"] == UpdateState.BACK
    history = roll_out.events.order_by("pgh_id").values_list("state", flat=True)
    assert list(history) == ["first", "halted", "rolled_back"]


def test_a_first_device_that_goes_silent_halts_it(network: Network) -> None:
    first = network.devices[0]
    roll_out = network.start()
    network.updates(first)

    network.later(60)
    network.says(first, "", online=False)
    keep_roll_outs()

    assert state_of(roll_out) == (RollOutState.HALTED, UpdateProblem.SILENT)


def test_a_first_device_that_never_comes_back_or_refuses_halts_it(network: Network) -> None:
    first = network.devices[0]
    roll_out = network.start()
    take_due(network.now)
    network.answers(first)
    network.later(901)
    network.says(first, "1.0.0")
    keep_roll_outs()
    assert state_of(roll_out) == (RollOutState.ROLLED_BACK, UpdateProblem.NOT_BACK)  # it runs the one before
    assert DeviceCommand.objects.count() == 1

    network.measures(first, -840, 0)
    second = network.start()
    network.answers(first, ok=False)
    keep_roll_outs()
    assert state_of(second) == (RollOutState.ROLLED_BACK, UpdateProblem.REFUSED)


def test_one_bad_of_two_others_halts_it_and_all_that_have_it_go_back(network: Network) -> None:
    first, bad, waiting = network.devices
    roll_out = network.start()
    network.updates(first)
    network.runs(first, WATCH_S + 360)
    network.answers(bad, ok=False)

    keep_roll_outs()

    assert state_of(roll_out) == (RollOutState.HALTED, UpdateProblem.REFUSED)
    assert states(roll_out) == {
        "d-0": UpdateState.GOING_BACK, "d-1": UpdateState.BACK, "d-2": UpdateState.UNDER_WAY,
    }  # fmt: skip
    assert DeviceCommand.objects.get(device=waiting).state == CommandState.WITHDRAWN
    # The withdrawn command had reached the device all the same.
    network.says(waiting, "1.1.0")
    keep_roll_outs()
    assert states(roll_out)["d-2"] == UpdateState.GOING_BACK


def test_a_person_halts_it_and_without_an_earlier_image_a_device_is_stuck(network: Network) -> None:
    first = network.devices[0]
    MCUDevice.objects.filter(pk=first.pk).update(firmware="0.9.0")
    first.refresh_from_db()
    roll_out = network.start()
    network.updates(first)
    user = make_user()

    halt_by_person(roll_out, user)

    assert state_of(roll_out) == (RollOutState.ROLLED_BACK, UpdateProblem.BY_PERSON)
    assert (roll_out.halted_by, states(roll_out)["d-0"]) == (user, UpdateState.STUCK)
    with pytest.raises(ApiError) as error:
        halt_by_person(roll_out, user)
    assert error.value.code == "roll_out_ended"


def test_a_command_that_somebody_withdrew_halts_it(network: Network) -> None:
    roll_out = network.start()
    withdraw("update_firmware", network.devices[:1])

    keep_roll_outs()

    assert state_of(roll_out)[1] == UpdateProblem.NO_ANSWER


def test_the_others_get_it_a_few_at_a_time(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mqtt_ingest.roll_out.GIVEN_AT_ONCE", 1)  # each command keeps ingest waiting until the commit
    first = network.devices[0]
    roll_out = network.start()
    network.updates(first)
    network.runs(first, WATCH_S + 360)
    assert (states(roll_out)["d-1"], states(roll_out)["d-2"]) == (UpdateState.UNDER_WAY, UpdateState.WAITING)

    keep_roll_outs()

    assert state_of(roll_out) == (RollOutState.REST, "")
    assert states(roll_out)["d-2"] == UpdateState.UNDER_WAY


def test_a_later_roll_out_is_not_turned_back_by_a_halted_one(network: Network) -> None:
    first = network.devices[0]
    halted = network.start()
    halt_by_person(halted, make_user())  # the withdrawn command may have reached the device
    start_roll_out(network.new, RollOutPlan([first], [], WATCH_S), make_user())
    take_due(network.now)
    network.says(first, "1.1.0")

    keep_roll_outs()

    assert not DeviceCommand.objects.filter(cause=CommandCause.ROLL_BACK).exists()
    assert state_of(halted)[0] == RollOutState.ROLLED_BACK


def test_an_image_of_another_key_is_offered_no_more(network: Network, settings: Any) -> None:
    settings.FIRMWARE_PUBLIC_KEY = base64.b64encode(
        Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    ).decode()

    with pytest.raises(ApiError) as error:
        network.start()
    assert error.value.fields["image"][0]["code"] == "wrong_signature"
    with pytest.raises(ApiError) as error:
        ask_device(network.devices[0], "update_firmware", {"image": network.new.pk}, Sender(make_user()))
    assert error.value.fields["image"][0]["code"] == "wrong_signature"


def test_a_first_device_that_hardly_measured_would_show_no_fault(network: Network) -> None:
    device = make_device(factory=network.devices[0].factory, firmware="1.0.0")
    make_assignment(device=device, is_of_record=False)
    network.measures(device, -WATCH_S, 0, received=0.04)  # all of it lost is less than 5 percentage points

    with pytest.raises(ApiError) as error:
        start_roll_out(network.new, RollOutPlan([device], [], WATCH_S), make_user())
    assert error.value.fields["first"][0]["code"] == "no_readings"


def test_what_cannot_begin_is_refused(network: Network) -> None:
    blind = make_device(factory=network.devices[0].factory)
    ahead = make_device(factory=network.devices[0].factory, firmware="1.1.0")
    for plan, code in (
        (RollOutPlan([ahead], []), "runs_it_already"),
        (RollOutPlan([blind], []), "no_readings"),
        (RollOutPlan([], []), "required"),
        (RollOutPlan(network.devices[:1], [], 59), "out_of_range"),
    ):
        with pytest.raises(ApiError) as error:
            start_roll_out(network.new, plan, make_user())
        assert next(iter(error.value.fields.values()))[0]["code"] == code
    network.start()
    with pytest.raises(ApiError) as error:
        network.start()
    assert error.value.code == "roll_out_running"


# --- An outage of ours ----------------------------------------------------------------------------
SETTLED_S = SETTLED_AFTER.total_seconds()


def test_during_an_outage_of_ours_nobody_is_taken_for_silent(network: Network) -> None:
    first = network.devices[0]
    roll_out = network.start()
    network.updates(first)
    network.runs(first, 600)

    network.later(3 * 3_600, outage=True)
    assert keep_roll_outs() == 0
    network.later(60)
    assert keep_roll_outs() == 0  # ingest is back, and no device has come back yet
    assert state_of(roll_out) == (RollOutState.FIRST, "")

    # It did not keep what it measured meanwhile. The watch begins anew after 15 minutes, 30 s ago: 300 s and 1,800 s.
    network.runs(first, SETTLED_S)
    assert state_of(roll_out) == (RollOutState.FIRST, "")
    network.runs(first, 300 + WATCH_S - 90)
    assert state_of(roll_out) == (RollOutState.FIRST, "")
    network.runs(first, 60)
    assert state_of(roll_out) == (RollOutState.REST, "")


def test_a_device_that_stays_silent_after_our_outage_halts_it(network: Network) -> None:
    first = network.devices[0]
    roll_out = network.start()
    network.updates(first)

    network.later(3_600, outage=True)
    network.later(SETTLED_S + 30)
    keep_roll_outs()

    assert state_of(roll_out) == (RollOutState.HALTED, UpdateProblem.SILENT)


def test_after_our_outage_a_device_has_its_whole_time_to_come_back(network: Network) -> None:
    first = network.devices[0]
    roll_out = network.start()
    take_due(network.now)
    network.answers(first)

    network.later(3_600, outage=True)
    network.later(SETTLED_S + 30)
    network.later(900)
    network.says(first, "1.0.0")
    keep_roll_outs()
    assert state_of(roll_out) == (RollOutState.FIRST, "")

    network.later(30)
    keep_roll_outs()
    assert state_of(roll_out)[1] == UpdateProblem.NOT_BACK


# --- API ------------------------------------------------------------------------------------------
def test_hq_starts_and_halts_it_over_the_api(network: Network, cast: Cast, as_user: AsUser) -> None:
    client = as_user(cast.hq)
    url = f"/api/firmware-images/{network.new.pk}/roll-out/"
    body = {"first": ["d-1"], "watch_minutes": 30, "reason": "Trial."}

    unknown = client.post(url, body | {"first": ["nobody"]}, content_type="application/json")
    started = client.post(url, body, content_type="application/json")
    shown = client.get(url).json()["results"]
    halted = client.post(f"{url}halt/", {}, content_type="application/json")

    assert unknown.json()["fields"]["first"][0]["code"] == "unknown_device"
    assert started.status_code == 201, started.content
    assert [(one["device"], one["is_first"], one["state"]) for one in shown[0]["devices"]] == [
        ("d-1", True, "under_way"), ("d-0", False, "waiting"), ("d-2", False, "waiting"),
    ]  # fmt: skip
    assert (halted.json()["state"], halted.json()["problem"]) == ("halted", "by_person")
    assert as_user(cast.auditor).get(url).json()["results"][0]["halted_by"] == str(cast.hq)
    assert as_user(cast.auditor).post(url, body, content_type="application/json").status_code == 403
    assert as_user(cast.outsider).get(url).status_code == 404


def test_a_foreign_sensor_takes_no_firmware(network: Network, cast: Cast, as_user: AsUser) -> None:
    give_profile(network.devices[2])
    client, url = as_user(cast.hq), f"/api/firmware-images/{network.new.pk}/roll-out/"

    refused = client.post(url, {"first": ["d-2"], "watch_minutes": 30}, content_type="application/json")
    started = client.post(url, {"first": ["d-1"], "watch_minutes": 30}, content_type="application/json")
    page = client.get("/firmware/").content.decode()

    assert refused.json()["fields"]["first"][0]["code"] == "unknown_device"
    assert [one["device"] for one in started.json()["devices"]] == ["d-1", "d-0"]
    assert ">d-1</option>" in page
    assert ">d-2</option>" not in page
