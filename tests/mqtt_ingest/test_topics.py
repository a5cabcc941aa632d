"""The topic grammar, and that it is the one the broker's rules and the registry use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import credentials
from devices.models import validate_device_id
from mqtt_ingest import topics
from mqtt_ingest.topics import FROM_DEVICES, Kind, format_topic, parse_topic


@given(st.from_regex(r"[A-Za-z0-9_-]{3,64}", fullmatch=True), st.sampled_from(FROM_DEVICES))
def test_what_is_formatted_is_parsed_again(device_id: str, kind: Kind) -> None:
    parsed = parse_topic(format_topic(device_id, kind))

    assert parsed == (device_id, kind)
    validate_device_id(device_id)


@pytest.mark.parametrize(
    "topic",
    [
        "carbontrack/v1/ab/readings",
        f"carbontrack/v1/{'a' * 65}/readings",
        "carbontrack/v1/a.b/readings",
        "carbontrack/v1/lité/readings",
        "carbontrack/v1/abc/committed",
        "carbontrack/v1/abc/readings/",
        "carbontrack/v1/abc/readings\n",
        "carbontrack/v2/abc/readings",
        "",
    ],
)
def test_other_topics_are_none_of_ours(topic: str) -> None:
    assert parse_topic(topic) is None


def test_root_is_that_of_the_brokers_rules() -> None:
    assert topics.ROOT == credentials.TOPIC_ROOT
