"""How a client's session starts, is taken over and ends in the demo broker: amqtt with six corrections.

amqtt 0.12.1 has six faults that matter here, so this file overrides the methods concerned (private ones: the version
is pinned, and `tests/demo/test_broker.py` tests the behaviour):

1. it reads and changes sessions *before* it checks the password: anybody could end a device's connection or rename
   its session. Here the login is checked first.
2. it sends every connecting client the retained messages of *all* subscriptions. Here it sends them only after a
SUBSCRIBE.
3. when a client comes back before its old connection is noticed, the old one's end marks the new one as gone.
4. a message that a subscriber has not acknowledged within 5 s is forgotten. Here it stays under way as long as the
connection does, and a persistent session gets it again with its next one.
5. silence beyond the keep-alive is accepted. Here it ends the connection.
6. malformed packets leave tracebacks, and memory has no bounds. Here they end the connection (`demo/mqtt_packets.py`),
and the bounds are in `demo/broker_limits.py`.

Knows nothing about our devices or database: `demo/broker.py` passes in the checks of logins and topics.
"""

# amqtt comes without type information, so what we derive from it is of type Any. mypy: disable-error-code="misc,
# no-any-return"

import asyncio
import contextlib
import logging
import struct
from collections.abc import Awaitable, Callable, Collection
from enum import Enum
from typing import Any, Literal

from amqtt.adapters import ReaderAdapter, StreamWriterAdapter, WriterAdapter
from amqtt.broker import Broker, RetainedApplicationMessage, Server
from amqtt.contexts import Action, BrokerConfig
from amqtt.errors import AMQTTError, MQTTError, ProtocolHandlerError
from amqtt.mqtt.connack import NOT_AUTHORIZED, SERVER_UNAVAILABLE, ConnackPacket
from amqtt.mqtt.pingreq import PingReqPacket
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler, Subscription, UnSubscription
from amqtt.mqtt.publish import PublishPacket
from amqtt.mqtt.subscribe import SubscribePacket
from amqtt.mqtt.unsubscribe import UnsubscribePacket
from amqtt.session import INCOMING, ApplicationMessage, IncomingApplicationMessage, OutgoingApplicationMessage, Session

from demo.broker_limits import PACKETS_AT_ONCE_COUNT, PacketReader, RetainedLedger, Waiting
from demo.mqtt_packets import FILTERS_LIMIT_COUNT

logger = logging.getLogger(__name__)

MOST_QOS = 1
SUBSCRIPTION_REFUSED = 0x80
BROADCAST_LIMIT_COUNT = 100
LOGIN_TIMEOUT_S = 15.0
CLOSE_TIMEOUT_S = 2.0
BACKLOG_WINDOW_COUNT = 200
# The MQTT standard: a client is gone after one and a half times its keep-alive.
KEEP_ALIVE_FACTOR = 1.5
NEW_AT_EACH_LOGIN = (
    *("username", "password", "keep_alive"),
    *("will_flag", "will_retain", "will_qos", "will_topic", "will_message"),
)
# What amqtt raises when a connection ends while it works on a packet.
BROKEN_OFF = (AMQTTError, MQTTError, ProtocolHandlerError, OSError)


TopicAction = Literal["publish", "subscribe", "receive"]


class LoginAnswer(Enum):
    """The answer of the database about a login."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    CANNOT_TELL = "cannot tell"


LoginCheck = Callable[[str, str, str], Awaitable[LoginAnswer]]  # of client id, username and password
TopicRule = Callable[[str, str, TopicAction], bool]  # of username, topic or filter, and action


class PatientWriter(StreamWriterAdapter):
    """Closes cleanly, but with a time limit: a device that lost its power never answers."""

    def write(self, data: bytes) -> None:
        # amqtt answers what was read before the end. asyncio would log a warning for each answer.
        if not self._writer.is_closing():
            super().write(data)

    async def close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await super().close()
        except (TimeoutError, OSError):
            self.abort()

    def abort(self) -> None:
        self.is_closed = True
        self._writer.transport.abort()


class DeviceConnection(BrokerProtocolHandler):
    """One client's connection."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._has_ended = False
        self._pending_subscriptions: asyncio.Queue[Subscription] = asyncio.Queue(PACKETS_AT_ONCE_COUNT)
        self._pending_unsubscriptions: asyncio.Queue[UnSubscription] = asyncio.Queue(PACKETS_AT_ONCE_COUNT)
        self._deliveries: set[asyncio.Task[OutgoingApplicationMessage]] = set()

    async def handle_publish(self, publish_packet: PublishPacket) -> None:
        await self._in_its_place(super().handle_publish(publish_packet))

    async def handle_subscribe(self, subscribe: SubscribePacket) -> None:
        await self._in_its_place(super().handle_subscribe(subscribe))

    async def handle_unsubscribe(self, unsubscribe: UnsubscribePacket) -> None:
        await self._in_its_place(super().handle_unsubscribe(unsubscribe))

    async def handle_pingreq(self, pingreq: PingReqPacket) -> None:
        await self._in_its_place(super().handle_pingreq(pingreq))

    async def _in_its_place(self, work: Awaitable[None]) -> None:
        """amqtt starts a task for each packet and looks at none of them again."""
        reader = self.reader
        assert isinstance(reader, PacketReader)
        try:
            await work
        except BROKEN_OFF as error:
            logger.debug("the connection ended before its packet was handled: %s", error)
        finally:
            reader.places.release()

    async def _handle_qos0_message_flow(self, app_message: ApplicationMessage) -> None:
        # amqtt would drop what does not fit; like this the client is read more slowly.
        if app_message.direction == INCOMING and self.session is not None:
            await self.session.delivered_message_queue.put(app_message)
        else:
            await super()._handle_qos0_message_flow(app_message)

    async def stop(self) -> None:
        await super().stop()
        for delivery in list(self._deliveries):  # one that began while this connection ended
            delivery.cancel()

    def handle_read_timeout(self) -> None:
        self._ending = asyncio.ensure_future(self.cut())

    async def handle_connection_closed(self) -> None:
        self._has_ended = True
        await super().handle_connection_closed()

    async def cut(self) -> None:
        """End the connection although its client may neither read nor answer: amqtt's loop would wait for both."""
        await self.handle_connection_closed()
        self._stop_waiters()
        if isinstance(self.writer, PatientWriter):
            self.writer.abort()

    async def mqtt_publish(
        self, topic: str, data: bytes | bytearray, qos: int | None, retain: bool, ack_timeout: int | None = None
    ) -> OutgoingApplicationMessage:
        """Send a message; one to a persistent session is under way when this returns."""
        session = self.session
        sent = OutgoingApplicationMessage(None, topic, qos, data, retain)
        if session is None or (retain and self._has_ended) or not waiting_of(session).has_room(data):
            return sent
        delivery = asyncio.ensure_future(self._deliver(session, sent))
        if not _is_kept(session, sent):
            return await delivery
        self._deliveries.add(delivery)  # amqtt's own list would keep all that follows until this one is acknowledged
        delivery.add_done_callback(self._deliveries.discard)
        return sent

    async def _deliver(self, session: Session, message: OutgoingApplicationMessage) -> OutgoingApplicationMessage:
        """Send a message, and keep one that a persistent session did not acknowledge."""
        waiting, data = waiting_of(session), message.data
        waiting.hold(data)
        is_settled = False
        try:
            message = await super().mqtt_publish(message.topic, data, message.qos, message.retain)
            is_settled = True
        except (TimeoutError, *BROKEN_OFF) as error:
            logger.debug("%s has not acknowledged a message: %s", session.client_id, error)
        finally:
            waiting.hold(data, sign=-1)
            if not is_settled and _is_kept(session, message):
                waiting.put_nowait(RetainedApplicationMessage(None, message.topic, data, message.qos))
        return message

    async def _handle_qos1_message_flow(
        self, app_message: IncomingApplicationMessage | OutgoingApplicationMessage
    ) -> None:
        """amqtt gives up after 5 s. A subscriber that cannot store would then get each message again every 5 s."""
        session = self.session
        if app_message.direction == INCOMING or session is None or not _is_kept(session, app_message):
            await super()._handle_qos1_message_flow(app_message)
            return
        packet_id = app_message.packet_id
        acknowledged = self._puback_waiters[packet_id] = asyncio.get_running_loop().create_future()
        session.inflight_out[packet_id] = app_message
        try:
            await self._send_packet(app_message.build_publish_packet())
            app_message.puback_packet = await acknowledged  # cancelled when the connection ends
        finally:
            self._puback_waiters.pop(packet_id, None)
            session.inflight_out.pop(packet_id, None)

    async def send_backlog(self, session: Session) -> None:
        """Send the waiting messages of this session, now and whenever one is put back; ends by cancellation."""
        waiting = waiting_of(session)
        while True:
            batch = [await waiting.get()]
            while len(batch) < BACKLOG_WINDOW_COUNT and not waiting.empty():
                batch.append(waiting.get_nowait())
            await asyncio.gather(
                *(
                    self._deliver(session, OutgoingApplicationMessage(None, item.topic, item.qos, item.data, False))
                    for item in batch
                ),
                return_exceptions=True,
            )


def _is_kept(session: Session, message: ApplicationMessage) -> bool:
    """Until its subscriber acknowledges it. A retained message comes again with the next subscription."""
    return bool(message.qos) and not message.retain and not session.clean_session


def waiting_of(session: Session) -> Waiting:
    """Of a session of `_new_or_known_session`."""
    assert isinstance(session.retained_messages, Waiting)
    return session.retained_messages


class DeviceBroker(Broker):
    """amqtt's broker with our access rules and the six corrections above."""

    def __init__(self, config: BrokerConfig, check_login: LoginCheck, may_use_topic: TopicRule) -> None:
        super().__init__(config)
        self._check_login, self._may_use_topic = check_login, may_use_topic
        # For each connected client id: set when that connection has ended completely.
        self._connection_ended: dict[str, asyncio.Event] = {}
        self._broadcast_queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(BROADCAST_LIMIT_COUNT)
        self._retained = RetainedLedger()

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        closing = PatientWriter(writer)
        try:
            await self._client_connected(listener_name, PacketReader(reader), closing)
        except (OSError, ValueError, struct.error) as error:
            logger.info("A connection ended: %s", error)
        finally:
            await closing.close()

    async def _initialize_client_session(
        self, reader: ReaderAdapter, writer: WriterAdapter, remote_address: str, remote_port: int
    ) -> tuple[BrokerProtocolHandler, Session]:
        """Read CONNECT and check the login; touches no session."""
        try:
            async with asyncio.timeout(LOGIN_TIMEOUT_S):
                handler, session = await DeviceConnection.init_from_connect(reader, writer, self.plugins_manager)
                login = await self._check_login(session.client_id or "", session.username or "", session.password or "")
        except TimeoutError:
            raise MQTTError(f"no login within {LOGIN_TIMEOUT_S:.0f} s") from None
        if login is not LoginAnswer.ACCEPTED:
            logger.warning("Login of %r from %s: %s", session.username, remote_address, login.value)
            code = NOT_AUTHORIZED if login is LoginAnswer.REFUSED else SERVER_UNAVAILABLE
            await ConnackPacket.build(0, code).to_stream(writer)
            raise MQTTError(f"login {login.value}")
        if session.will_flag and not self._may(session, session.will_topic or "", Action.PUBLISH):
            session.will_flag = False
        session.will_qos = min(session.will_qos or 0, MOST_QOS)
        session.keep_alive = round(session.keep_alive * KEEP_ALIVE_FACTOR)
        return handler, session

    async def _handle_client_session(
        self,
        reader: ReaderAdapter,
        writer: WriterAdapter,
        client_session: Session,
        handler: BrokerProtocolHandler,
        server: Server,
        listener_name: str,
    ) -> None:
        """Serve one logged-in client from CONNACK to its end."""
        client_id = client_session.client_id
        assert client_id is not None
        assert isinstance(handler, DeviceConnection)
        await self._end_older_connection(client_id)
        # No await from here to the registration: only one of two new clients with the same id may register.
        ended = self._connection_ended[client_id] = asyncio.Event()
        session = await self._new_or_known_session(client_session)
        self._sessions[client_id] = (session, handler)
        backlog = asyncio.ensure_future(asyncio.sleep(0))
        try:
            handler.attach(session, reader, writer)
            await handler.mqtt_connack_authorize(True)
            await handler.start()
            # Messages for this session are queued until here, so that none overtakes CONNACK or is sent twice.
            session.transitions.connect()
            backlog = asyncio.ensure_future(handler.send_backlog(session))
            await self._client_message_loop(session, handler)
        finally:
            backlog.cancel()
            await asyncio.gather(backlog, return_exceptions=True)
            if session.transitions.state != "disconnected":  # the loop ends in this way for a forbidden topic name
                await self._stop_handler(handler)
                session.transitions.disconnect()
            if self._connection_ended.get(client_id) is ended:
                del self._connection_ended[client_id]
            ended.set()

    def open_logins(self) -> dict[str, str]:
        """Password by user name of every client that is connected now."""
        sessions = (self._sessions[client_id][0] for client_id in self._connection_ended if client_id in self._sessions)
        return {session.username or "": session.password or "" for session in sessions}

    async def end_connections(self, ended_logins: Collection[tuple[str, str]]) -> None:
        """Cut off who came in by these user names and passwords; the last will is sent, as for a silent device."""
        for client_id in list(self._connection_ended):
            session, handler = self._sessions.get(client_id, (None, None))
            if session is None or (session.username, session.password) not in ended_logins:
                continue
            if isinstance(handler, DeviceConnection):
                logger.warning("Ended the connection of %r: its password does not hold any more", session.username)
                await handler.cut()

    async def _end_older_connection(self, client_id: str) -> None:
        while (ended := self._connection_ended.get(client_id)) is not None:
            _, handler = self._sessions.get(client_id, (None, None))
            if isinstance(handler, DeviceConnection):
                await handler.cut()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await ended.wait()

    async def _new_or_known_session(self, newcomer: Session) -> Session:
        client_id = newcomer.client_id or ""
        known, _ = self._sessions.get(client_id, (None, None))
        if known is None or known.clean_session or newcomer.clean_session:
            await self._delete_session(client_id)
            newcomer.parent = 0
            newcomer.retained_messages = Waiting(newcomer.username or "")
            newcomer.delivered_message_queue = asyncio.Queue(PACKETS_AT_ONCE_COUNT)
            return newcomer
        for name in NEW_AT_EACH_LOGIN:
            setattr(known, name, getattr(newcomer, name))
        known.parent = 1
        return known

    async def retain_message(
        self,
        source_session: Session | None,
        topic_name: str | None,
        data: bytes | bytearray | None,
        qos: int | None = None,
    ) -> None:
        if topic_name and self._retained.may_retain(topic_name, data or b""):
            await super().retain_message(source_session, topic_name, data, qos)

    async def add_subscription(self, subscription: tuple[str, int], session: Session) -> int:
        topic_filter, qos = subscription
        held = [known for known, holders in self._subscriptions.items() if any(s is session for s, _ in holders)]
        if topic_filter not in held and len(held) >= FILTERS_LIMIT_COUNT:
            return SUBSCRIPTION_REFUSED
        return await super().add_subscription((topic_filter, min(qos, MOST_QOS)), session)

    async def _handle_unsubscription(
        self,
        client_session: Session,
        handler: BrokerProtocolHandler,
        unsubscribe_waiter: asyncio.Future[UnSubscription],
    ) -> None:
        await super()._handle_unsubscription(client_session, handler, unsubscribe_waiter)
        for topic_filter in unsubscribe_waiter.result().topics:  # amqtt would keep each name for ever
            if not self._subscriptions.get(topic_filter, True):
                del self._subscriptions[topic_filter]

    async def _topic_filtering(self, session: Session, topic: str, action: Action) -> bool:
        # Never awaits: amqtt iterates over its subscriptions around this call and must not be interrupted.
        return self._may(session, topic, action)

    def _may(self, session: Session, topic: str, action: Action) -> bool:
        return self._may_use_topic(session.username or "", topic, action.value)
