"""Shapes of readings and roll-ups in the API. Physical values are numbers, masses of record are strings."""

from datetime import UTC
from typing import Any

from rest_framework import serializers

from emissions.derive import DerivedReading, moment
from emissions.models import STREAM_OFFSET
from emissions.queries import RollupRow
from emissions.settling import Settling, SettlingReason
from science.quality import names
from science.rounding import decimal_kg_from_micrograms


class ReadingSerializer(serializers.Serializer[Any]):
    """One reading as received, with its computed rate. Read only; a correction is a new version."""

    factory = serializers.IntegerField(help_text="id of the factory")
    device = serializers.CharField(help_text="device id")
    stream = serializers.IntegerField(help_text="number of the boot, unsigned 32 bit")
    seq = serializers.IntegerField(help_text="number within the stream, without holes")
    timestamp = serializers.DateTimeField(help_text="measured, the device's clock")
    received_at = serializers.DateTimeField(help_text="stored, our clock")
    co2_ppm = serializers.FloatField(allow_null=True, help_text="as the sensor reported it")
    co2_kg_per_s = serializers.FloatField(allow_null=True, help_text="kg CO2 per second; null: no rate can be had")
    temperature_c = serializers.FloatField(allow_null=True)
    velocity_ms = serializers.FloatField(allow_null=True)
    flow_rate_m3s = serializers.FloatField(allow_null=True, help_text="actual m3/s in the stack")
    pressure_pa = serializers.FloatField(allow_null=True, help_text="as the device reported it")
    flags = serializers.IntegerField(help_text="set by the device, see the MQTT contract")
    quality = serializers.ListField(child=serializers.CharField(), help_text="found by the server")


def reading_row(item: DerivedReading, device_ids: dict[int, tuple[str, int]]) -> dict[str, Any]:
    """The raw row of API, live stream and CSV. `device_ids` maps a device's key to its id and factory."""
    row, state = item.row, item.state
    device_id, factory_id = device_ids[row.device_id]
    return {
        "factory": factory_id,
        "device": device_id,
        "stream": row.stream + STREAM_OFFSET,
        "seq": row.seq,
        "timestamp": iso(row.t_ms),
        "received_at": iso(row.received_ms),
        "co2_ppm": row.co2_ppm,
        "co2_kg_per_s": item.co2_kg_per_s,
        "temperature_c": row.temperature_c,
        "velocity_ms": row.velocity_ms,
        "flow_rate_m3s": state and state.flow_rate_m3s,
        "pressure_pa": row.pressure_pa,
        "flags": row.flags,
        "quality": names(item.quality),
    }


def iso(t_ms: int) -> str:
    return moment(t_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class RollupSerializer(serializers.Serializer[Any]):
    """A minute, hour, day or month. `measured_kg` and `record_kg` are two masses: never add them."""

    factory = serializers.IntegerField(help_text="id of the factory")
    device = serializers.CharField(help_text="device id")
    chimney = serializers.IntegerField(help_text="id of the chimney")
    is_of_record = serializers.BooleanField(help_text="false: a cross-check, in no total")
    period_start = serializers.DateTimeField(help_text="of the site's own minute, hour, day or month")
    period_end = serializers.DateTimeField(help_text="exclusive")
    measured_kg = serializers.CharField(help_text="integral over the time covered; gaps are missing, not zero")
    record_kg = serializers.CharField(
        allow_null=True,
        help_text="of an hour covered to 80 %, or proved idle, else its substitute; of a day or month that is over, "
        "the sum of all its hours; null: an hour is missing, or the period is running, or a minute",
    )
    low_kg = serializers.CharField(allow_null=True, help_text="of record_kg, k = 2: see method 6; null without one")
    high_kg = serializers.CharField(
        allow_null=True, help_text="of record_kg, k = 2; null without one, or where it is at least that much"
    )
    is_lower_bound = serializers.BooleanField(
        help_text="true: a sensor was at the end of its range, so both masses are at least what they say"
    )
    coverage_pct = serializers.FloatField()
    status = serializers.CharField(help_text="of an hour: measured, partial, substituted, idle or missing; else empty")
    method = serializers.CharField(
        allow_blank=True, help_text="by which hours without enough data were substituted: fuel_based, epa, eu; or empty"
    )
    rule = serializers.CharField(allow_blank=True, help_text="of a substituted hour: what gave its mass")
    measured_hours = serializers.IntegerField(allow_null=True, help_text="of a day or month, by status; else null")
    idle_hours = serializers.IntegerField(allow_null=True, help_text="proved idle")
    substituted_hours = serializers.IntegerField(allow_null=True)
    partial_hours = serializers.IntegerField(
        allow_null=True, help_text="measured for less than 80 % of the operating time, and substituted"
    )
    missing_hours = serializers.IntegerField(
        allow_null=True,
        help_text="begun with the device in its chimney, and without a mass of record; the running hour is one until "
        "it is measured",
    )
    monitor_availability_pct = serializers.FloatField(
        allow_null=True, help_text="of a day or month: measured hours of those not proved idle"
    )
    co2_ppm = serializers.FloatField(allow_null=True, help_text="mean over valid readings")
    temperature_c = serializers.FloatField(allow_null=True)
    velocity_ms = serializers.FloatField(allow_null=True)
    flow_rate_m3s = serializers.FloatField(allow_null=True)
    quality = serializers.ListField(child=serializers.CharField(), help_text="every flag that occurred")
    settling_until = serializers.DateTimeField(
        allow_null=True, help_text="until when this row may still change by itself; null: it is settled"
    )
    settling_because = serializers.ChoiceField(
        choices=[str(reason) for reason in SettlingReason],
        allow_null=True,
        help_text="running: the period is not over; rolling_up: readings wait for the worker; "
        "outstanding: the device is silent or behind and may still hold readings",
    )


def settling_fields(settling: Settling | None) -> dict[str, str | None]:
    """Part of every total in the API."""
    if settling is None:
        return {"settling_until": None, "settling_because": None}
    until = settling.until.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"settling_until": until, "settling_because": str(settling.why)}


def rollup_row(
    period: RollupRow,
    device_ids: dict[int, tuple[str, int]],
    assignments: dict[int, tuple[int, bool, float]],
    settling: Settling | None,
) -> dict[str, Any]:
    """`assignments`: chimney, whether of record, relative standard error of the sensors."""
    device_id, factory_id = device_ids[period.device_id]
    chimney_id, is_of_record, stack_sigma = assignments[period.assignment_id]
    record = period.record(stack_sigma)
    return {
        "factory": factory_id,
        "device": device_id,
        "chimney": chimney_id,
        "is_of_record": is_of_record,
        "period_start": period.period_start.isoformat().replace("+00:00", "Z"),
        "period_end": period.period_end.isoformat().replace("+00:00", "Z"),
        "measured_kg": str(decimal_kg_from_micrograms(period.measured_ug)),
        "record_kg": None if record is None else str(record.likely_kg),
        "low_kg": None if record is None else str(record.low_kg),
        "high_kg": None if record is None or record.high_kg is None else str(record.high_kg),
        "is_lower_bound": period.over_range_ms > 0,
        "coverage_pct": round(period.coverage_pct, 4),
        "status": period.status,
        "method": period.method,
        "rule": period.rule,
        "measured_hours": period.measured_hours,
        "idle_hours": period.idle_hours,
        "substituted_hours": period.substituted_hours,
        "partial_hours": period.partial_hours,
        "missing_hours": period.missing_hours,
        "monitor_availability_pct": period.availability_pct,
        "co2_ppm": period.co2_ppm,
        "temperature_c": period.temperature_c,
        "velocity_ms": period.velocity_ms,
        "flow_rate_m3s": period.flow_rate_m3s,
        "quality": names(period.quality),
        **settling_fields(settling),
    }
