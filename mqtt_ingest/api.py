"""POST /api/emissions/: readings over HTTP, with the same rules, store and counters as MQTT.

GET of that address is in `emissions/api.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from io import BytesIO
from typing import Any

import msgspec
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_yasg.utils import swagger_auto_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from accounts.permissions import AnyUser, require, visible_to
from accounts.roles import Action
from devices.models import MCUDevice
from devices.queries import Intervals, intervals_of
from emissions.api import EmissionsView
from emissions.derive import milliseconds, moment
from lib.errors import ApiError, invalid
from lib.parsers import Utf8JSONParser
from mqtt_ingest.choices import Reason
from mqtt_ingest.describe import DETAIL_LIMIT_CHARS
from mqtt_ingest.identify import Arrival, DeviceRef
from mqtt_ingest.lenient_json import decode, find_no_number
from mqtt_ingest.messages import READINGS_LIMIT_COUNT, ParsedMessage, PostedReading, Rejection, printable
from mqtt_ingest.receive import Received
from mqtt_ingest.rules import Problem, problem_of, problem_of_shape
from mqtt_ingest.store import store
from mqtt_ingest.topics import Kind

TOPIC = "POST /api/emissions/"


@dataclass(frozen=True, slots=True)
class RefusedItem:
    index: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class PostResult:
    """The result of one call: received = stored + duplicate + len(rejected)."""

    received: int
    stored: int
    duplicate: int
    rejected: list[RefusedItem] = field(default_factory=list)


def store_posted(user: AnyUser, body: object) -> PostResult:
    """Store one reading or a list of them, for devices of factories in which the user may write readings.

    Without a seq, device and time identify a reading, so a call may be repeated safely.

    Raises
    ------
    ApiError
        400 for a body that is neither an object nor a list, 413 for more than 500 readings.
    PermissionDenied
        when the user may see a device but not write for it. Nothing is stored then.
    """
    items = _items(body)
    now_ms = milliseconds(timezone.now())
    devices = _devices(user, items)
    intervals = intervals_of(devices.values())
    arrivals = [_arrival(item, devices, intervals, now_ms) for item in items]
    stored = store(arrivals)
    rejected = [
        RefusedItem(index, rejection.reason.value, rejection.detail)
        # Each arrival has one reading and is never split, so the results are in the order of the readings.
        for index, arrival in enumerate(stored.arrivals)
        for rejection in arrival.parsed.rejections
    ]
    return PostResult(stored.tally.received, stored.tally.stored, stored.tally.duplicate, rejected)


def _items(body: object) -> Sequence[object]:
    items = [body] if isinstance(body, dict) else body
    if not isinstance(items, list) or not items:
        raise invalid(
            "non_field_errors", "invalid_shape", _("Send one reading as an object, or a list of at least one.")
        )
    if len(items) > READINGS_LIMIT_COUNT:
        raise ApiError(
            status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
            "too_large",
            _("%(count)d readings are above the limit of %(limit)d per call: send them in parts.")
            % {"count": len(items), "limit": READINGS_LIMIT_COUNT},
            params={"count": len(items), "limit": READINGS_LIMIT_COUNT},
        )
    return items


def _devices(user: AnyUser, items: Sequence[object]) -> dict[str, MCUDevice]:
    """The named devices that the user sees. A device out of scope is as unknown as one that does not exist."""
    names = {item["device"] for item in items if isinstance(item, dict) and isinstance(item.get("device"), str)}
    # PostgreSQL text holds no NUL, and no device id does.
    names = {name for name in names if "\x00" not in name}
    visible = visible_to(user, MCUDevice.objects.select_related("factory")).filter(device_id__in=names)
    devices = {device.device_id: device for device in visible}
    for device in devices.values():
        require(user, Action.WRITE_READINGS, device.factory)
    return devices


def _arrival(item: object, devices: dict[str, MCUDevice], intervals: Mapping[int, Intervals], now_ms: int) -> Arrival:
    name = item.get("device") if isinstance(item, dict) else None
    device = devices.get(name) if isinstance(name, str) else None
    parsed = _parse_item(item, device, name if isinstance(name, str) else "", now_ms)
    if device is not None:
        parsed = _with_interval(parsed, intervals[device.pk])
    payload = _encoded(item) if parsed.rejections else b""
    # A posted reading proves only that the device worked when it measured, not that it works now.
    received = Received(TOPIC, payload, now_ms)
    reference = DeviceRef(device.pk, device.revoked_at is not None) if device else None
    return Arrival(received, parsed, reference, counts_as_message=False)


def _parse_item(item: object, device: MCUDevice | None, name: str, now_ms: int) -> ParsedMessage:
    if not isinstance(item, dict):
        return _refused(name, Reason.BAD_SCHEMA, "a reading is an object with device, timestamp or t, and values")
    if device is None:
        detail = f"there is no device {name[:64]!a} among yours" if name else "device is missing"
        # Kept under no device id: the id may be of others, who must not see it, nor lose their own for it.
        return _refused("", Reason.UNKNOWN_DEVICE if name else Reason.BAD_SCHEMA, detail)
    if device.revoked_at is not None:
        return _refused(name, Reason.REVOKED, f"device {name!r} is revoked")
    if (no_number := find_no_number(item)) is not None:
        return _refused(name, Reason.NOT_JSON, printable(no_number, DETAIL_LIMIT_CHARS))
    try:
        reading = msgspec.convert(_with_time(item), PostedReading)
    except msgspec.ValidationError as error:
        return _refused(name, *problem_of_shape(error, item, now_ms))
    except RecursionError:
        return _refused(name, Reason.BAD_SCHEMA, "nested too deeply")
    except _BadTimeError as error:
        return _refused(name, Reason.BAD_SCHEMA, str(error))
    problem = problem_of(reading, now_ms) or _problem_of_claim(reading)
    if problem is not None:
        return _refused(name, *problem)
    # Without a seq a reading has no place in a stream: device and time identify it, whatever stream was named.
    stream = reading.stream if reading.seq else 0
    return ParsedMessage(Kind.READINGS, name, stream, reading.interval_s or 0.0, (reading,))


def _with_interval(parsed: ParsedMessage, intervals: Intervals) -> ParsedMessage:
    """A reading that names no interval has the one that was in force when it was measured."""
    if parsed.interval_s or not parsed.readings:
        return parsed
    return replace(parsed, interval_s=intervals.at(moment(parsed.readings[0].t)))


def _problem_of_claim(reading: PostedReading) -> Problem | None:
    """The caller is not the device, so a posted mean may contain only the readings that it was made of."""
    if reading.n is None or reading.seq_from is None:
        return None
    count = reading.seq - reading.seq_from + 1
    if count <= reading.n:
        return None
    named = f"seq_from={reading.seq_from} to seq={reading.seq}"
    return Reason.BAD_SCHEMA, f"{named} are {count} readings, above n={reading.n} of which the mean was made"


class _BadTimeError(ValueError):
    """timestamp is not a time; the message says what is wrong with it."""


def _with_time(item: dict[str, Any]) -> dict[str, Any]:
    """The item with `t` in milliseconds, computed from `timestamp` where that was sent."""
    if "timestamp" not in item:
        return item
    if "t" in item:
        raise _BadTimeError("give timestamp or t, not both")
    raw = item["timestamp"]
    try:
        moment = parse_datetime(raw) if isinstance(raw, str) else None
        if moment is None or moment.tzinfo is None:
            raise ValueError
        return {**item, "t": milliseconds(moment)}
    except (ValueError, OverflowError):
        shown = printable(repr(raw), 60)
        raise _BadTimeError(
            f"timestamp={shown} is not a time with its offset, like 2026-11-22T00:00:00+03:00"
        ) from None


def _refused(name: str, reason: Reason, detail: str) -> ParsedMessage:
    return ParsedMessage(Kind.READINGS, name, rejections=(Rejection(reason, detail),))


def _encoded(item: object) -> bytes:
    try:
        return msgspec.json.encode(item)
    except (ValueError, OverflowError, RecursionError, TypeError):
        return b""


# --- The endpoint ------------------------------------------------------------------------------
class _Optional(serializers.FloatField):
    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_null=True, **options)


class PostedReadingSerializer(serializers.Serializer[Any]):
    """One reading. Values as in the MQTT contract; null for a value whose sensor failed, with its flag."""

    device = serializers.CharField(help_text="device id")
    timestamp = serializers.DateTimeField(required=False, help_text="measured, ISO 8601 with offset; or t")
    t = serializers.IntegerField(required=False, help_text="measured, Unix milliseconds; or timestamp")
    co2_ppm = serializers.FloatField(allow_null=True)
    temperature_c = serializers.FloatField(allow_null=True)
    velocity_ms = serializers.FloatField(allow_null=True)
    pressure_pa = _Optional(help_text="in the stack")
    dp_pa = _Optional(help_text="of the Pitot tube")
    cell_temperature_c = _Optional(help_text="where the sensor sits")
    cell_pressure_pa = _Optional(help_text="where the sensor sits")
    humidity_pct = _Optional()
    o2_pct = _Optional()
    ch4_ppm = _Optional()
    flags = serializers.IntegerField(required=False, min_value=0, max_value=255)
    interval_s = _Optional(help_text="default: the interval of the device at that time")
    span_s = _Optional(help_text="of a mean: the time it covers, up to its own")
    n = serializers.IntegerField(required=False, allow_null=True, help_text="of a mean: readings it is made of")
    seq_from = serializers.IntegerField(required=False, allow_null=True, help_text="of a mean: the first of them")
    stream = serializers.IntegerField(required=False, help_text="default 0; 0 where seq is 0")
    seq = serializers.IntegerField(required=False, help_text="0 or left out: device and time identify it")

    class Meta:
        swagger_schema_fields = {
            "example": {
                "device": "litein-1",
                "timestamp": "2026-11-22T08:00:00+03:00",
                "co2_ppm": 93250.0,
                "temperature_c": 181.5,
                "velocity_ms": 3.21,
                "pressure_pa": 79480.0,
            }
        }


class RefusedItemSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="place in the list that was sent, from 0")
    reason = serializers.ChoiceField(Reason.choices)
    detail = serializers.CharField(help_text="field, value and limit")


class PostResultSerializer(serializers.Serializer[Any]):
    """received = stored + duplicate + rejected."""

    received = serializers.IntegerField()
    stored = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    rejected = RefusedItemSerializer(many=True)


class ReadingsParser(Utf8JSONParser):
    """JSON in which a NaN costs its reading, not the call."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        body = stream.read()
        try:
            return super().parse(BytesIO(body), media_type, parser_context)
        except ParseError:
            try:
                return decode(body)
            except (ValueError, RecursionError):
                pass
            raise


class ReadingsView(EmissionsView):
    """GET as in `EmissionsView`, and POST."""

    parser_classes = (ReadingsParser,)
    takes_no_text_for_numbers = True  # and one bad reading never refuses the others

    actions = {**EmissionsView.actions, "POST": Action.WRITE_READINGS}
    throttle_scope = "write_emissions"

    def get_throttles(self) -> list[BaseThrottle]:
        return super().get_throttles() if self.request.method == "POST" else []

    @swagger_auto_schema(
        operation_id="emissions_create",
        operation_summary="Store one reading, or a list of up to 500",
        request_body=PostedReadingSerializer,
        responses={200: PostResultSerializer, 400: "invalid", 401: "not_signed_in", 403: "forbidden", 413: "too_large"},
    )
    def post(self, request: Request) -> Response:
        """One bad reading never refuses the others; an unknown key refuses the call. Sending the same again changes
        nothing."""
        return Response(asdict(store_posted(request.user, request.data)))
