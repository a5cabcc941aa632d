"""Arguments of commands: the limits of the contract, and a refusal that names field, value, unit, limit and remedy."""

import json
from typing import Any

import pytest

from lib.errors import ApiError
from mqtt_ingest.arguments import check_arguments
from mqtt_ingest.choices import CommandKind
from tests.mqtt_ingest.test_contract import COMMANDS

OWN_KINDS = set(CommandKind) - {CommandKind.SET_SECRET}  # that argument the server draws itself
VECTORS = [vector for vector in COMMANDS if vector["expect"].get("kind") in OWN_KINDS]


def problems_of(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(ApiError) as error:
        check_arguments(CommandKind(kind), given)
    return {name: problems[0] for name, problems in error.value.fields.items()}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_what_the_contract_takes_is_taken_and_nothing_else(vector: dict[str, Any]) -> None:
    given = {name: value for name, value in json.loads(vector["payload"]).items() if name not in ("v", "id", "kind")}
    known = {name: given[name] for name in given if name not in ("extra", "note", "unknown")}

    try:
        check_arguments(CommandKind(vector["expect"]["kind"]), known)
        is_taken = True
    except ApiError:
        is_taken = False

    assert is_taken == ("arguments" in vector["expect"])


def test_a_number_out_of_bounds_is_named_with_unit_limit_and_remedy() -> None:
    problem = problems_of("set_interval", {"interval_s": 7200})["interval_s"]

    assert problem["message"] == "interval_s=7200 s is outside 0.02 to 3,600 s; give one within."
    assert problem["params"] == {"name": "interval_s", "value": 7200, "low": 0.02, "high": 3600, "unit": "s"}


@pytest.mark.parametrize(
    ("kind", "given", "field", "words"),
    [
        ("set_interval", {}, "interval_s", "interval_s is missing for the command set_interval."),
        ("set_interval", {"interval_s": "5"}, "interval_s", "is not a number s"),
        ("set_interval", {"interval_s": True}, "interval_s", "not a number"),
        ("set_interval", {"interval_s": float("nan")}, "interval_s", "not a number"),
        ("resend", {"stream": 10**400, "from": 1, "to": 3}, "stream", "outside 0 to"),
        ("set_limits", {}, "non_field_errors", "Name one limit at least: co2_high_ppm"),
        ("set_limits", {"temperature_low_c": 90, "temperature_high_c": 60}, "temperature_high_c", "is below"),
        ("resend", {"stream": 1, "from": 9, "to": 3}, "to", "to=3 is below from=9"),
        ("resend", {"stream": 1, "from": 1.5, "to": 3}, "from", "not a whole number"),
        ("zero", {"reference": "helium"}, "reference", "give fresh_air / nitrogen"),
        ("reboot", {"now": True}, "now", "unknown"),
        ("update_firmware", {"url": "http://a/b", "sha256": "0" * 64}, "url", "https://"),
    ],
)
def test_what_is_wrong_is_named(kind: str, given: dict[str, Any], field: str, words: str) -> None:
    assert words in problems_of(kind, given)[field]["message"]
