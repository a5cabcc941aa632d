"""Emissions of the stack: readings as received, and minutes, hours and days rolled up from them.

A device without an assignment has readings but no roll-ups: without a chimney there is no mass.

Rates and quality of a reading are derived when read (`derive.py`), never stored: a corrected geometry
changes no row. Roll-ups are a pure function of stored readings, assignments, geometry, calibrations and
holds (`rollups.py`). Masses in them are integer micrograms.
"""

import pgtrigger
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.utils.translation import gettext_lazy as _

from emissions.fields import Int8MultiRangeField, RealField

STREAM_OFFSET = 2**31  # unsigned 32-bit stream numbers are stored as int4 minus this


# `science.hours.HourStatus` with the words of pages, and those of the figure of record, which `SubstitutedHour` holds.
class HourStatus(models.TextChoices):
    MEASURED = "measured", _("measured")
    IDLE = "idle", _("idle, proved")
    MISSING = "missing", _("missing")
    PARTIAL = "partial", _("partial, substituted")
    SUBSTITUTED = "substituted", _("substituted")


class Emission(models.Model):
    """One reading, as the device sent it. Partitioned by month; (device, stream, seq) identifies it."""

    pk = models.CompositePrimaryKey("device", "timestamp", "stream", "seq")
    timestamp = models.DateTimeField()  # measured, the device's clock
    received_at = models.DateTimeField()  # stored, our clock
    # No row-level foreign key check on the hot path: ingest has just looked the device up.
    device = models.ForeignKey(
        "devices.MCUDevice", models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    stream = models.IntegerField()
    seq = models.IntegerField()
    seq_from = models.IntegerField(null=True)  # a mean stands for seq_from..seq
    co2_ppm = RealField(null=True)
    temperature_c = RealField(null=True)
    velocity_ms = RealField(null=True)
    pressure_pa = RealField(null=True)
    dp_pa = RealField(null=True)
    cell_temperature_c = RealField(null=True)
    cell_pressure_pa = RealField(null=True)
    humidity_pct = RealField(null=True)
    o2_pct = RealField(null=True)
    ch4_ppm = RealField(null=True)
    interval_s = RealField()
    span_s = RealField(null=True)  # a mean covers (timestamp - span_s, timestamp]
    n = models.SmallIntegerField(null=True)
    flags = models.SmallIntegerField(default=0)

    class Meta:
        db_table = "emissions_emission"
        verbose_name = _("reading")
        verbose_name_plural = _("readings")

    def __str__(self) -> str:
        return f"{self.device_id} {self.timestamp:%Y-%m-%dT%H:%M:%S}"


class DeviceStream(models.Model):
    """The received readings of one boot of one device. It decides whether a reading is new or a duplicate, and shows
    the gaps."""

    pk = models.CompositePrimaryKey("device", "stream")
    device = models.ForeignKey("devices.MCUDevice", models.PROTECT, db_index=False, related_name="streams")
    stream = models.IntegerField()
    received = Int8MultiRangeField()
    first_timestamp = models.DateTimeField()
    last_received_at = models.DateTimeField()

    class Meta:
        verbose_name = _("device stream")
        verbose_name_plural = _("device streams")

    def __str__(self) -> str:
        return f"{self.device_id}/{self.stream + STREAM_OFFSET}"


class TouchedMinute(models.Model):
    """A minute with new readings, waiting to be rolled up. Append-only: writers never wait for the roll-up."""

    id = models.BigAutoField(primary_key=True)
    device = models.ForeignKey("devices.MCUDevice", models.CASCADE, db_index=False, related_name="+")
    period_start = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("touched minute")
        verbose_name_plural = _("touched minutes")

    def __str__(self) -> str:
        return f"{self.device_id} {self.period_start:%Y-%m-%dT%H:%M}"


class AppliedSetup(models.Model):
    """The geometry, calibrations and holds with which an assignment's roll-ups were computed: see `rollups.py`."""

    assignment = models.OneToOneField("devices.Assignment", models.CASCADE, primary_key=True, related_name="+")
    digest = models.CharField(max_length=64)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("applied setup")
        verbose_name_plural = _("applied setups")

    def __str__(self) -> str:
        return f"{self.assignment_id}: {self.digest[:8]}"


class Rollup(models.Model):
    """The columns that minute, hour and day share. Means are over valid readings, weighted by their seconds."""

    device = models.ForeignKey("devices.MCUDevice", models.PROTECT, db_index=False, related_name="+")
    # A whole hour of the site's zone, half past in UTC for India; of a day the local midnight.
    period_start = models.DateTimeField()
    measured_ug = models.BigIntegerField()
    flux_ug_per_m2 = models.BigIntegerField()  # before area, profile factor and moisture
    covered_ms = models.IntegerField()
    over_range_ms = models.IntegerField(default=0)  # with the sensor at the end of its range: a lower bound
    weight_s = models.FloatField()  # seconds that the means stand for
    co2_ppm = models.FloatField(null=True)
    temperature_c = models.FloatField(null=True)
    velocity_ms = models.FloatField(null=True)
    flow_rate_m3s = models.FloatField(null=True)
    readings = models.IntegerField()
    valid_readings = models.IntegerField()
    quality = models.IntegerField(default=0)  # every flag that occurred, see science.quality.Quality

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.device_id} {self.period_start:%Y-%m-%dT%H:%M}"


class EmissionMinute(Rollup):
    pk = models.CompositePrimaryKey("device", "period_start")
    assignment = models.ForeignKey("devices.Assignment", models.PROTECT, db_index=False, related_name="+")
    # The part of the measured seconds without doubtful flags; only this part counts towards an hour of record.
    valid_ug = models.BigIntegerField()
    valid_ms = models.IntegerField()
    is_idle_like = models.BooleanField()
    is_firing_like = models.BooleanField()

    class Meta:
        verbose_name = _("minute")
        verbose_name_plural = _("minutes")


class FireMeans(models.Model):
    """What the gas of a fire was like, for its losses (`docs/method.md` 13): of minutes that fired and were in the
    sensor's range. Without such a minute the mass is 0, and the means are null."""

    fire_ug = models.BigIntegerField(default=0)  # CO2 of these minutes
    fire_co2_dry = models.FloatField(null=True)  # [mol/mol] CO2 over dry gas of these minutes
    fire_temperature_c = models.FloatField(null=True)  # weighted by dry gas

    class Meta:
        abstract = True


class HourColumns(Rollup, FireMeans):
    """The columns of an hour, which its history has too."""

    assignment = models.ForeignKey("devices.Assignment", models.PROTECT, related_name="hours")
    status = models.CharField(max_length=12, choices=HourStatus)
    record_ug = models.BigIntegerField(null=True)  # null: see `SubstitutedHour`
    operating_ms = models.IntegerField()
    idle_ms = models.IntegerField()
    method_version = models.CharField(max_length=12)
    known_from = models.DateTimeField(db_default=TransactionNow())  # the transaction that wrote this version

    class Meta:
        abstract = True


HOUR_COLUMNS = ", ".join(str(field.column) for field in HourColumns._meta.local_fields)


_WAS_OVER = "period_start <= %(known_on)s - interval '1 hour' AND known_from <= %(known_on)s"


class EmissionHour(HourColumns):
    # For `lib/history.py`: each hour that was over at a moment, as it was known then. A running hour changes with every
    # message, and no version of it is kept. Of two transactions that rebuild an hour the one that began first may write
    # last: then the times of two versions overlap, and the one that was written last counts.
    known_rows = (
        f"SELECT {HOUR_COLUMNS} FROM emissions_emissionhour WHERE {_WAS_OVER} UNION ALL"  # noqa: S608 - our own names
        f" SELECT {HOUR_COLUMNS} FROM emissions_emissionhourevent AS v"
        f" WHERE {_WAS_OVER} AND pgh_created_at > %(known_on)s"
        " AND NOT EXISTS (SELECT FROM emissions_emissionhour AS n WHERE n.device_id = v.device_id"
        " AND n.period_start = v.period_start AND n.known_from <= %(known_on)s)"
        " AND NOT EXISTS (SELECT FROM emissions_emissionhourevent AS n WHERE n.device_id = v.device_id"
        " AND n.period_start = v.period_start AND n.pgh_id > v.pgh_id AND n.known_from <= %(known_on)s)"
    )
    pk = models.CompositePrimaryKey("device", "period_start")

    class Meta:
        verbose_name = _("hour")
        verbose_name_plural = _("hours")
        triggers = [
            pgtrigger.Trigger(
                name="history",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.period_start <= now() - interval '1 hour'"),
                func=f"""
                INSERT INTO emissions_emissionhourevent (pgh_created_at, {HOUR_COLUMNS})
                VALUES (now(), {", ".join("OLD." + column for column in HOUR_COLUMNS.split(", "))});
                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                NEW.known_from = now();
                RETURN NEW;
                """,  # noqa: S608 - our own names
            )
        ]


class EmissionHourEvent(HourColumns):
    """An hour as it was from `known_from` until it was replaced or deleted, which the database writes. In the shape of
    pghistory, which tracks no table with a key of two columns."""

    pgh_id = models.BigAutoField(primary_key=True)
    pgh_created_at = models.DateTimeField()
    assignment = models.ForeignKey(
        "devices.Assignment", models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    device = models.ForeignKey(
        "devices.MCUDevice", models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )

    class Meta:
        verbose_name = _("earlier version of an hour")
        verbose_name_plural = _("earlier versions of hours")
        indexes = [models.Index(fields=["device", "period_start"], name="hour_history_by_device")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


class EmissionDay(Rollup, FireMeans):
    """A calendar day of the site, of one assignment: a device moved at noon has two."""

    pk = models.CompositePrimaryKey("device", "period_start", "assignment")
    assignment = models.ForeignKey("devices.Assignment", models.PROTECT, related_name="days")
    record_ug = models.BigIntegerField(null=True)  # sum of the measured and idle hours
    operating_ms = models.IntegerField()
    idle_ms = models.IntegerField()
    measured_hours = models.SmallIntegerField()
    idle_hours = models.SmallIntegerField()
    method_version = models.CharField(max_length=12)

    class Meta:
        verbose_name = _("day")
        verbose_name_plural = _("days")

    def __str__(self) -> str:
        return f"{self.device_id} {self.period_start:%Y-%m-%d}"


class SubstitutedHour(models.Model):
    """The mass of record of an hour that was not measured for 80 % of its operating time, and its errors.

    `compliance/record/store.py` writes it: a function of what is stored, like a roll-up. An hour without a row has no
    mass of record, or that of its roll-up.
    """

    pk = models.CompositePrimaryKey("device", "period_start")
    device = models.ForeignKey("devices.MCUDevice", models.CASCADE, db_index=False, related_name="+")
    assignment = models.ForeignKey("devices.Assignment", models.CASCADE, related_name="substituted_hours")
    period_start = models.DateTimeField()
    # Partial: something was measured in it.
    status = models.CharField(
        max_length=12, choices=[(s.value, s.label) for s in (HourStatus.PARTIAL, HourStatus.SUBSTITUTED)]
    )
    method = models.CharField(max_length=12)  # `factories.choices.SubstitutionMethod`
    rule = models.CharField(max_length=24)  # `compliance.record.rules.Because` or `science.substitution.EpaRow`
    record_ug = models.BigIntegerField()
    fuel_sigma_ug = models.BigIntegerField()  # standard error of the fuel logged, the same at each hour
    bias_ug = models.BigIntegerField()  # of the filling, the same at each hour
    variance_kg2 = models.FloatField()  # its part of the variance of its gap
    takes_from_stack = models.BooleanField()  # the error of the sensors counts too
    method_version = models.CharField(max_length=12)

    class Meta:
        verbose_name = _("substituted hour")
        verbose_name_plural = _("substituted hours")

    def __str__(self) -> str:
        return f"{self.device_id} {self.period_start:%Y-%m-%dT%H:%M}"


class MeasuredAs(models.TextChoices):
    """How the values of a channel add up."""

    RATE = "rate", _("a rate: it is integrated over time")
    COUNTER = "counter", _("a counter: its increase counts")
    LEVEL = "level", _("a level: it has a mean only")


class SensorChannel(models.Model):
    """A further measured value of a device: steam flow, feed water, a meter's reading. A profile names it."""

    device = models.ForeignKey("devices.MCUDevice", models.PROTECT, related_name="channels")
    code = models.CharField(_("name"), max_length=31)
    unit = models.CharField(_("unit"), max_length=8)  # ours of its quantity: `science.instruments`
    kind = models.CharField(_("kind"), max_length=8, choices=MeasuredAs)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["device", "code"]
        # A channel whose unit changes is another one: its values do not continue the first's.
        constraints = [models.UniqueConstraint(fields=["device", "code", "unit"], name="channel_once")]

    def __str__(self) -> str:
        return f"{self.device} {self.code}"


class ChannelMinute(models.Model):
    """The newest value of a channel in a minute. So a flood stores no more, and a repeat changes nothing."""

    pk = models.CompositePrimaryKey("channel", "minute")
    channel = models.ForeignKey(SensorChannel, models.CASCADE, db_index=False, related_name="minutes")
    minute = models.DateTimeField()
    measured_at = models.DateTimeField()
    amount = models.FloatField()  # in the unit of its channel

    class Meta:
        verbose_name = _("channel minute")
        verbose_name_plural = _("channel minutes")

    def __str__(self) -> str:
        return f"{self.channel_id} {self.minute:%Y-%m-%dT%H:%M}"
