"""The parser and the published JSON Schema agree with the vectors, which the firmware's tests read too."""

import base64
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mqtt_ingest.announce import Announcer
from mqtt_ingest.identify import Arrival, DeviceRef
from mqtt_ingest.messages import ParsedMessage, Reading
from mqtt_ingest.parse import parse
from mqtt_ingest.receive import Received
from mqtt_ingest.topics import Kind
from tests.mqtt_ingest.fakes import InMemoryReceiver

CONTRACT = Path(__file__).parents[2] / "mqtt_ingest" / "contract"
VECTORS = json.loads((CONTRACT / "vectors.json").read_text())["vectors"]
every_vector = pytest.mark.parametrize("vector", VECTORS, ids=[v["name"] for v in VECTORS])


def payload_of(vector: dict[str, Any]) -> bytes:
    if "payload_base64" in vector:
        return base64.b64decode(vector["payload_base64"])
    if "payload_parts" in vector:
        return "".join(text * times for text, times in vector["payload_parts"]).encode()
    return vector["payload"].encode()


def schema_of(kind: str) -> dict[str, Any]:
    return json.loads((CONTRACT / f"{kind}.schema.json").read_text())


def as_expected(reading: Reading) -> dict[str, Any]:
    values = {name: getattr(reading, name) for name in Reading.__struct_fields__}
    return {name: value for name, value in values.items() if value is not None} | {
        name: values[name] for name in ("co2_ppm", "temperature_c", "velocity_ms")
    }


def refusals(expected: dict[str, Any]) -> list[dict[str, Any]]:
    """Those expected, with each that comes several times written out."""
    return [
        wanted | ({"index": wanted["index"] + number} if number else {})
        for wanted in expected["rejections"]
        for number in range(wanted.get("times", 1))
    ]


@every_vector
def test_parser_reads_each_vector_as_it_says(vector: dict[str, Any]) -> None:
    expected = vector["expect"]

    parsed = parse(vector["topic"], payload_of(vector), vector["now_ms"])

    assert (parsed.kind, parsed.device_id) == (expected["kind"], expected["device_id"])
    assert [as_expected(reading) for reading in parsed.readings] == expected["readings"]
    for rejection, wanted in zip(parsed.rejections, refusals(expected), strict=True):
        named = (rejection.reason, rejection.index, rejection.stream, rejection.seq, rejection.seq_from)
        assert named == (
            wanted["reason"],
            wanted["index"],
            wanted["stream"],
            wanted["seq"],
            wanted["seq_from"],
        )
        for words in wanted["detail_contains"]:
            assert words in rejection.detail
    assert parsed.other == expected.get("other", {})
    if "stream" in expected:
        assert (parsed.stream, parsed.interval_s) == (expected["stream"], expected["interval_s"])


@every_vector
def test_schema_agrees_with_each_vector(vector: dict[str, Any]) -> None:
    if "schema_valid" not in vector:
        reason = vector["expect"]["rejections"][0]["reason"]
        assert reason in ("not_json", "unknown_device") or vector["name"] == "nested too deeply"
        return
    validator = jsonschema.Draft202012Validator(schema_of(vector["expect"]["kind"]))

    is_valid = validator.is_valid(json.loads(payload_of(vector)))

    assert is_valid == vector["schema_valid"]
    if not is_valid:
        assert vector["expect"]["rejections"]


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_of_message_has_a_sound_schema(kind: Kind) -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of(kind))


def test_what_the_server_answers_fits_its_schema() -> None:
    receiver = InMemoryReceiver()
    vector = next(v for v in VECTORS if v["name"] == "one bad reading never spoils its message")
    parsed = parse(vector["topic"], payload_of(vector), vector["now_ms"])

    Announcer(receiver).announce([Arrival(Received("", b"", 0), parsed, DeviceRef(1, False))])

    ((_, payload),) = receiver.published
    jsonschema.Draft202012Validator(schema_of(Kind.COMMITTED)).validate(json.loads(payload))


COMMANDS = [
    {"v": 1, "id": "a", "kind": "set_interval", "interval_s": 5},
    {"v": 1, "id": "a", "kind": "resend", "stream": 7, "from": 1, "to": 9},
    {"v": 1, "id": "a", "kind": "reboot"},
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command["kind"])
def test_commands_fit_their_schema(command: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(schema_of(Kind.COMMANDS)).validate(command)


def test_a_command_without_its_argument_does_not_fit() -> None:
    validator = jsonschema.Draft202012Validator(schema_of(Kind.COMMANDS))

    assert not validator.is_valid({"v": 1, "id": "a", "kind": "set_interval"})


def test_an_unreadable_message_counts_as_one() -> None:
    assert parse("carbontrack/v1/litein-1/readings", b"{", 0).received == 1
    assert ParsedMessage(Kind.STATUS, "litein-1", other={"v": 1, "online": True}).received == 0
