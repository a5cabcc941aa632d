"""The topic grammar, `carbontrack/v1/<device id>/<kind>`: format and parse, nothing else."""

import re
from enum import StrEnum
from functools import lru_cache

ROOT = "carbontrack/v1"


class Kind(StrEnum):
    """The last part of a topic. The first four come from devices, the last two from the server."""

    READINGS = "readings"
    STATUS = "status"
    ALERTS = "alerts"
    ACKS = "acks"
    COMMITTED = "committed"
    COMMANDS = "commands"


FROM_DEVICES = (Kind.READINGS, Kind.STATUS, Kind.ALERTS, Kind.ACKS)

_TOPIC = re.compile(rf"{ROOT}/(?P<device_id>[A-Za-z0-9_-]{{3,64}})/(?P<kind>{'|'.join(FROM_DEVICES)})", re.ASCII)


# A device always uses the same topic, so the cache works; invented topics only replace each other.
@lru_cache(maxsize=20_000)
def parse_topic(topic: str) -> tuple[str, Kind] | None:
    """Device id and kind of a topic that devices publish to; None for any other."""
    match = _TOPIC.fullmatch(topic)
    return (match["device_id"], Kind(match["kind"])) if match else None


def format_topic(device_id: str, kind: Kind) -> str:
    return f"{ROOT}/{device_id}/{kind}"


def subscriptions(group: str = "") -> list[str]:
    """The filters that ingest subscribes to; in a group the broker gives each message to one of its members."""
    prefix = f"$share/{group}/" if group else ""
    return [prefix + format_topic("+", kind) for kind in FROM_DEVICES]
