"""Readings, partitioned by month, their streams and roll-ups."""

from pathlib import Path

import django.contrib.postgres.functions
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import emissions.fields

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    initial = True

    dependencies = [("devices", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="AppliedSetup",
            fields=[
                (
                    "assignment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="devices.assignment",
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("valid_from", models.DateTimeField()),
                ("valid_to", models.DateTimeField(null=True)),
            ],
            options={"verbose_name": "applied setup", "verbose_name_plural": "applied setups"},
        ),
        migrations.CreateModel(
            name="DeviceStream",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "device", "stream", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("stream", models.IntegerField()),
                ("received", emissions.fields.Int8MultiRangeField()),
                ("first_timestamp", models.DateTimeField()),
                ("last_received_at", models.DateTimeField()),
                (
                    "device",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="streams",
                        to="devices.mcudevice",
                    ),
                ),
            ],
            options={"verbose_name": "device stream", "verbose_name_plural": "device streams"},
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    (SQL / "0001_emission_partitioned.sql").read_text(encoding="utf-8"), "DROP TABLE emissions_emission"
                )
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Emission",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "device",
                                "timestamp",
                                "stream",
                                "seq",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("timestamp", models.DateTimeField()),
                        ("received_at", models.DateTimeField()),
                        ("stream", models.IntegerField()),
                        ("seq", models.IntegerField()),
                        ("seq_from", models.IntegerField(null=True)),
                        ("co2_ppm", emissions.fields.RealField(null=True)),
                        ("temperature_c", emissions.fields.RealField(null=True)),
                        ("velocity_ms", emissions.fields.RealField(null=True)),
                        ("pressure_pa", emissions.fields.RealField(null=True)),
                        ("dp_pa", emissions.fields.RealField(null=True)),
                        ("cell_temperature_c", emissions.fields.RealField(null=True)),
                        ("cell_pressure_pa", emissions.fields.RealField(null=True)),
                        ("humidity_pct", emissions.fields.RealField(null=True)),
                        ("o2_pct", emissions.fields.RealField(null=True)),
                        ("ch4_ppm", emissions.fields.RealField(null=True)),
                        ("interval_s", emissions.fields.RealField()),
                        ("span_s", emissions.fields.RealField(null=True)),
                        ("n", models.SmallIntegerField(null=True)),
                        ("flags", models.SmallIntegerField(default=0)),
                        (
                            "device",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="devices.mcudevice",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "reading",
                        "verbose_name_plural": "readings",
                        "db_table": "emissions_emission",
                    },
                )
            ],
        ),
        migrations.CreateModel(
            name="EmissionDay",
            fields=[
                ("period_start", models.DateTimeField()),
                ("measured_ug", models.BigIntegerField()),
                ("flux_ug_per_m2", models.BigIntegerField()),
                ("covered_ms", models.IntegerField()),
                ("over_range_ms", models.IntegerField(default=0)),
                ("weight_s", models.FloatField()),
                ("co2_ppm", models.FloatField(null=True)),
                ("temperature_c", models.FloatField(null=True)),
                ("velocity_ms", models.FloatField(null=True)),
                ("flow_rate_m3s", models.FloatField(null=True)),
                ("readings", models.IntegerField()),
                ("valid_readings", models.IntegerField()),
                ("quality", models.IntegerField(default=0)),
                ("fire_ug", models.BigIntegerField(default=0)),
                ("fire_co2_dry", models.FloatField(null=True)),
                ("fire_temperature_c", models.FloatField(null=True)),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "device",
                        "period_start",
                        "assignment",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("record_ug", models.BigIntegerField(null=True)),
                ("operating_ms", models.IntegerField()),
                ("idle_ms", models.IntegerField()),
                ("measured_hours", models.SmallIntegerField()),
                ("idle_hours", models.SmallIntegerField()),
                ("method_version", models.CharField(max_length=12)),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="days", to="devices.assignment"
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="devices.mcudevice",
                    ),
                ),
            ],
            options={"verbose_name": "day", "verbose_name_plural": "days"},
        ),
        migrations.CreateModel(
            name="EmissionHour",
            fields=[
                ("period_start", models.DateTimeField()),
                ("measured_ug", models.BigIntegerField()),
                ("flux_ug_per_m2", models.BigIntegerField()),
                ("covered_ms", models.IntegerField()),
                ("over_range_ms", models.IntegerField(default=0)),
                ("weight_s", models.FloatField()),
                ("co2_ppm", models.FloatField(null=True)),
                ("temperature_c", models.FloatField(null=True)),
                ("velocity_ms", models.FloatField(null=True)),
                ("flow_rate_m3s", models.FloatField(null=True)),
                ("readings", models.IntegerField()),
                ("valid_readings", models.IntegerField()),
                ("quality", models.IntegerField(default=0)),
                ("fire_ug", models.BigIntegerField(default=0)),
                ("fire_co2_dry", models.FloatField(null=True)),
                ("fire_temperature_c", models.FloatField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("measured", "measured"),
                            ("idle", "idle, proved"),
                            ("missing", "missing"),
                            ("partial", "partial, substituted"),
                            ("substituted", "substituted"),
                        ],
                        max_length=12,
                    ),
                ),
                ("record_ug", models.BigIntegerField(null=True)),
                ("operating_ms", models.IntegerField()),
                ("idle_ms", models.IntegerField()),
                ("method_version", models.CharField(max_length=12)),
                ("known_from", models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "device", "period_start", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="hours", to="devices.assignment"
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="devices.mcudevice",
                    ),
                ),
            ],
            options={"verbose_name": "hour", "verbose_name_plural": "hours"},
        ),
        migrations.CreateModel(
            name="EmissionHourEvent",
            fields=[
                ("period_start", models.DateTimeField()),
                ("measured_ug", models.BigIntegerField()),
                ("flux_ug_per_m2", models.BigIntegerField()),
                ("covered_ms", models.IntegerField()),
                ("over_range_ms", models.IntegerField(default=0)),
                ("weight_s", models.FloatField()),
                ("co2_ppm", models.FloatField(null=True)),
                ("temperature_c", models.FloatField(null=True)),
                ("velocity_ms", models.FloatField(null=True)),
                ("flow_rate_m3s", models.FloatField(null=True)),
                ("readings", models.IntegerField()),
                ("valid_readings", models.IntegerField()),
                ("quality", models.IntegerField(default=0)),
                ("fire_ug", models.BigIntegerField(default=0)),
                ("fire_co2_dry", models.FloatField(null=True)),
                ("fire_temperature_c", models.FloatField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("measured", "measured"),
                            ("idle", "idle, proved"),
                            ("missing", "missing"),
                            ("partial", "partial, substituted"),
                            ("substituted", "substituted"),
                        ],
                        max_length=12,
                    ),
                ),
                ("record_ug", models.BigIntegerField(null=True)),
                ("operating_ms", models.IntegerField()),
                ("idle_ms", models.IntegerField()),
                ("method_version", models.CharField(max_length=12)),
                ("known_from", models.DateTimeField(db_default=django.contrib.postgres.functions.TransactionNow())),
                ("pgh_id", models.BigAutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField()),
                (
                    "assignment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="devices.assignment",
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="devices.mcudevice",
                    ),
                ),
            ],
            options={"verbose_name": "earlier version of an hour", "verbose_name_plural": "earlier versions of hours"},
        ),
        migrations.CreateModel(
            name="EmissionMinute",
            fields=[
                ("period_start", models.DateTimeField()),
                ("measured_ug", models.BigIntegerField()),
                ("flux_ug_per_m2", models.BigIntegerField()),
                ("covered_ms", models.IntegerField()),
                ("over_range_ms", models.IntegerField(default=0)),
                ("weight_s", models.FloatField()),
                ("co2_ppm", models.FloatField(null=True)),
                ("temperature_c", models.FloatField(null=True)),
                ("velocity_ms", models.FloatField(null=True)),
                ("flow_rate_m3s", models.FloatField(null=True)),
                ("readings", models.IntegerField()),
                ("valid_readings", models.IntegerField()),
                ("quality", models.IntegerField(default=0)),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "device", "period_start", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("valid_ug", models.BigIntegerField()),
                ("valid_ms", models.IntegerField()),
                ("is_idle_like", models.BooleanField()),
                ("is_firing_like", models.BooleanField()),
                (
                    "assignment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="devices.assignment",
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="devices.mcudevice",
                    ),
                ),
            ],
            options={"verbose_name": "minute", "verbose_name_plural": "minutes"},
        ),
        migrations.CreateModel(
            name="SensorChannel",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=31, verbose_name="name")),
                ("unit", models.CharField(max_length=8, verbose_name="unit")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("rate", "a rate: it is integrated over time"),
                            ("counter", "a counter: its increase counts"),
                            ("level", "a level: it has a mean only"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="channels", to="devices.mcudevice"
                    ),
                ),
            ],
            options={"verbose_name": "channel", "verbose_name_plural": "channels", "ordering": ["device", "code"]},
        ),
        migrations.CreateModel(
            name="ChannelMinute",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "channel", "minute", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("minute", models.DateTimeField()),
                ("measured_at", models.DateTimeField()),
                ("amount", models.FloatField()),
                (
                    "channel",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="minutes",
                        to="emissions.sensorchannel",
                    ),
                ),
            ],
            options={"verbose_name": "channel minute", "verbose_name_plural": "channel minutes"},
        ),
        migrations.CreateModel(
            name="SubstitutedHour",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "device", "period_start", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("period_start", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[("partial", "partial, substituted"), ("substituted", "substituted")], max_length=12
                    ),
                ),
                ("method", models.CharField(max_length=12)),
                ("rule", models.CharField(max_length=24)),
                ("record_ug", models.BigIntegerField()),
                ("fuel_sigma_ug", models.BigIntegerField()),
                ("bias_ug", models.BigIntegerField()),
                ("variance_kg2", models.FloatField()),
                ("takes_from_stack", models.BooleanField()),
                ("method_version", models.CharField(max_length=12)),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="substituted_hours",
                        to="devices.assignment",
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="devices.mcudevice",
                    ),
                ),
            ],
            options={"verbose_name": "substituted hour", "verbose_name_plural": "substituted hours"},
        ),
        migrations.CreateModel(
            name="TouchedMinute",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("period_start", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                (
                    "device",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="devices.mcudevice",
                    ),
                ),
            ],
            options={"verbose_name": "touched minute", "verbose_name_plural": "touched minutes"},
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="emissionhour",
            trigger=pgtrigger.compiler.Trigger(
                name="history",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.period_start <= now() - interval '1 hour')",
                    func="\n                INSERT INTO emissions_emissionhourevent (pgh_created_at, device_id, period_start, measured_ug, flux_ug_per_m2, covered_ms, over_range_ms, weight_s, co2_ppm, temperature_c, velocity_ms, flow_rate_m3s, readings, valid_readings, quality, fire_ug, fire_co2_dry, fire_temperature_c, assignment_id, status, record_ug, operating_ms, idle_ms, method_version, known_from)\n                VALUES (now(), OLD.device_id, OLD.period_start, OLD.measured_ug, OLD.flux_ug_per_m2, OLD.covered_ms, OLD.over_range_ms, OLD.weight_s, OLD.co2_ppm, OLD.temperature_c, OLD.velocity_ms, OLD.flow_rate_m3s, OLD.readings, OLD.valid_readings, OLD.quality, OLD.fire_ug, OLD.fire_co2_dry, OLD.fire_temperature_c, OLD.assignment_id, OLD.status, OLD.record_ug, OLD.operating_ms, OLD.idle_ms, OLD.method_version, OLD.known_from);\n                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n                NEW.known_from = now();\n                RETURN NEW;\n                ",
                    hash="fb03ec7a4d87c0d62d02e3ac1910f68bc3a95c0e",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_history_c4baf",
                    table="emissions_emissionhour",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="emissionhourevent",
            index=models.Index(fields=["device", "period_start"], name="hour_history_by_device"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="emissionhourevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="601b3edc47b294494b45c47b99b6c7c06e22653b",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_450c5",
                    table="emissions_emissionhourevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="sensorchannel",
            constraint=models.UniqueConstraint(fields=("device", "code", "unit"), name="channel_once"),
        ),
    ]
