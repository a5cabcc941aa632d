"""Ends a lone worker's persistent session when several workers take over, without losing a message in it.

While the session exists the broker fills it, although no worker reads it. So the steps are: unsubscribe, take the
kept messages, and only then tell the broker to forget the session. `ingest_mqtt --end-session` does it, beside the
workers that took over.
"""

import logging
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from lib.broker_address import BrokerAddress, set_up_client
from mqtt_ingest.paho_receiver import CLIENT_ID, PahoReceiver
from mqtt_ingest.topics import subscriptions

logger = logging.getLogger(__name__)


class SessionInUseError(RuntimeError):
    """The lone session could not be ended; the message says what to do."""


class LeavingReceiver(PahoReceiver):
    """Takes the messages that the broker kept for the lone worker, and no new ones. Never connects a second time.

    If the connection is lost, a lone worker may have taken the session back; connecting again would end its connection.
    """

    def __init__(self, address: BrokerAddress) -> None:
        super().__init__(address)
        self.was_lost = False
        self.was_emptied = False  # the supervisor of the other process reports this
        self._client.on_unsubscribe = self._on_unsubscribe

    def _on_connect(self, client: mqtt.Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        if reason.is_failure:
            super()._on_connect(client, userdata, flags, reason, properties)
            return
        self._connection += 1
        client.unsubscribe(subscriptions())

    def _on_unsubscribe(
        self, client: mqtt.Client, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Any
    ) -> None:
        self._is_connected = True

    def _on_disconnect(
        self, client: mqtt.Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        if self._closing_at_s is None:
            self.was_lost = True
        super()._on_disconnect(client, userdata, flags, reason, properties)

    def _connect_when_due(self) -> None:
        if self.was_lost:
            self._retry_at_s = float("inf")
        super()._connect_when_due()


def end_session(address: BrokerAddress) -> None:
    """The broker forgets the lone worker's session with everything still in it.

    Raises SessionInUseError when the broker does not let us in, OSError when it cannot be reached.
    """
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=CLIENT_ID, clean_session=True, protocol=mqtt.MQTTv311)
    set_up_client(client, address)
    answers: list[ReasonCode] = []

    def on_connect(client: mqtt.Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        answers.append(reason)
        client.disconnect()

    client.on_connect = on_connect
    client.connect(address.host, address.port)
    client.loop_forever()
    if not answers or answers[0].is_failure:
        raise SessionInUseError(f"broker {address} refuses the login ({answers}): check MQTT_BROKER_URL")
    logger.info("Ended the session of %r at broker %s", CLIENT_ID, address)
