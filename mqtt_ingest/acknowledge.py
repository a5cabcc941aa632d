"""After the commit, tells the broker which messages it need not send again.

This is back-pressure between the broker and us only. `announce` tells a device what it may forget: an
acknowledgement by the broker promises a device nothing.
"""

from collections.abc import Iterable

from mqtt_ingest.identify import Arrival
from mqtt_ingest.receive import Receiver


def acknowledge(receiver: Receiver, arrivals: Iterable[Arrival]) -> None:
    """Acknowledge each message of a committed batch once, stored or refused."""
    receiver.acknowledge([arrival.received for arrival in arrivals if arrival.counts_as_message])
