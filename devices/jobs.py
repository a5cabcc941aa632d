"""Periodic work: the broker is told of revocations that it missed, and compared with the registry."""

import logging

from devices import broker
from lib.jobs import Job

logger = logging.getLogger(__name__)


def compare_with_broker() -> int:
    """Name the differences between registry and broker, and mend what can be mended; how many there were."""
    if not broker.is_dynamic():
        return 0
    found = broker.compare()
    for each in found:
        logger.warning("Login %s is %s%s", each.username, each.what, ": mended" if each.is_mended else "")
    return len(found)


JOBS = [
    Job("tell the broker of revoked devices", 3, broker.settle_revocations),
    Job("compare the registry with the broker", 600, compare_with_broker),
]
