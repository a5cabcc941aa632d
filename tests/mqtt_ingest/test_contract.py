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
CONTENTS = json.loads((CONTRACT / "vectors.json").read_text())
VECTORS, COMMANDS = CONTENTS["vectors"], CONTENTS["commands"] + CONTENTS["set_ca_commands"]
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
        assert named == (wanted["reason"], wanted["index"], wanted["stream"], wanted["seq"], wanted["seq_from"])
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


@pytest.mark.parametrize("vector", COMMANDS, ids=lambda vector: vector["name"])
def test_schema_agrees_with_each_command(vector: dict[str, Any]) -> None:
    command = json.loads(vector["payload"])

    is_valid = jsonschema.Draft202012Validator(schema_of(Kind.COMMANDS)).is_valid(command)

    assert is_valid == vector["schema_valid"]
    # The firmware carries out what is valid, and answers the rest with words.
    assert ("arguments" in vector["expect"], "error_contains" in vector["expect"]) == (is_valid, not is_valid)


def test_each_kind_of_command_is_among_the_vectors_with_and_without_fault() -> None:
    kinds = {one["properties"]["kind"]["const"] for one in schema_of(Kind.COMMANDS)["oneOf"]}

    for is_valid in (True, False):
        given = {vector["expect"]["kind"] for vector in COMMANDS if vector["schema_valid"] == is_valid}
        # Without arguments nothing can be wrong with them.
        assert given & kinds == (kinds if is_valid else kinds - {"reboot"})


def test_an_unreadable_message_counts_as_one() -> None:
    assert parse("carbontrack/v1/litein-1/readings", b"{", 0).received == 1
    assert ParsedMessage(Kind.STATUS, "litein-1", other={"v": 1, "online": True}).received == 0
