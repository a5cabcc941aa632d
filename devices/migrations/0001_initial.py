"""Devices, their secrets, assignments, holds and calibrations."""

from pathlib import Path

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models

import devices.models.registry

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("factories", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name="Calibration",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("calibrated_at", models.DateTimeField(verbose_name="when")),
                (
                    "kind",
                    models.CharField(
                        choices=[("factory", "by the maker"), ("zero", "zero on site"), ("span", "span on site")],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("pressure_pa", models.FloatField(verbose_name="air pressure (Pa)")),
                ("reference_ppm", models.FloatField(blank=True, null=True, verbose_name="reference gas (ppm)")),
                (
                    "certificate_number",
                    models.CharField(blank=True, max_length=80, verbose_name="certificate number of the gas"),
                ),
                ("reading_ppm", models.FloatField(blank=True, null=True, verbose_name="reading before (ppm)")),
                ("valid_until", models.DateTimeField(blank=True, null=True, verbose_name="valid until")),
                ("done_by", models.CharField(blank=True, max_length=120, verbose_name="by")),
                ("certificate_sha256", models.CharField(blank=True, editable=False, max_length=64)),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "calibration",
                "verbose_name_plural": "calibrations",
                "ordering": ["-calibrated_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="DeviceSecret",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pbkdf2_sha512", models.CharField(max_length=140)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("broker_at", models.DateTimeField(blank=True, null=True)),
                ("is_offered", models.BooleanField(default=False)),
                ("stored_at", models.DateTimeField(blank=True, null=True)),
                ("sealed", models.TextField(blank=True, editable=False)),
            ],
            options={"verbose_name": "device secret", "verbose_name_plural": "device secrets"},
        ),
        migrations.CreateModel(
            name="GoNoGoRun",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField(verbose_name="from")),
                ("leak_started_at", models.DateTimeField(null=True, verbose_name="leak test")),
                ("plug_started_at", models.DateTimeField(null=True, verbose_name="pulled-plug test")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="to")),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[("go", "GO"), ("not_yet", "NOT YET"), ("no_go", "NO-GO")],
                        max_length=8,
                        verbose_name="verdict",
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=300)),
                ("evidence", models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("lines", models.JSONField(default=list)),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "go / no-go run",
                "verbose_name_plural": "go / no-go runs",
                "ordering": ["-started_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "valid_from",
                    models.DateTimeField(
                        blank=True,
                        help_text="empty: it begins with the device's first reading from now on",
                        null=True,
                        verbose_name="from",
                    ),
                ),
                ("valid_to", models.DateTimeField(blank=True, null=True, verbose_name="to")),
                ("waits_since", models.DateTimeField(blank=True, editable=False, null=True)),
                ("is_of_record", models.BooleanField(default=True, verbose_name="device of record")),
                ("sensor", models.CharField(blank=True, max_length=40, verbose_name="sensor")),
                ("range_ppm", models.FloatField(blank=True, null=True, verbose_name="sensor range (ppm)")),
                (
                    "co2_basis",
                    models.CharField(
                        choices=[
                            ("wet", "wet: the gas as it is in the stack"),
                            ("dry", "dry: behind a cooler or dryer"),
                        ],
                        default="dry",
                        max_length=3,
                        verbose_name="CO2 basis",
                    ),
                ),
                (
                    "pressure_compensation",
                    models.CharField(
                        choices=[
                            ("none", "none: the value is used as received"),
                            ("linear_0017", "corrected here, linearly (950 to 1050 hPa only)"),
                            ("proportional", "corrected here, proportionally"),
                            ("on_sensor", "done by the sensor"),
                        ],
                        default="proportional",
                        max_length=12,
                        verbose_name="pressure compensation",
                    ),
                ),
                (
                    "chimney",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="factories.chimney",
                        verbose_name="chimney",
                    ),
                ),
                (
                    "factory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="factories.factory"
                    ),
                ),
            ],
            options={
                "verbose_name": "assignment",
                "verbose_name_plural": "assignments",
                "ordering": ["device", "valid_from"],
            },
        ),
        migrations.CreateModel(
            name="AssignmentHold",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("mismatch", "the device reports otherwise than the registry"),
                            ("geometry", "geometry not stated"),
                            ("two_devices", "two devices send with one login"),
                            ("set_aside", "set aside as invalid"),
                        ],
                        default="mismatch",
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("stream", models.BigIntegerField(blank=True, null=True, verbose_name="stream")),
                ("field", models.CharField(blank=True, max_length=24, verbose_name="field")),
                ("registered", models.CharField(blank=True, max_length=40, verbose_name="registered")),
                ("reported", models.CharField(blank=True, max_length=40, verbose_name="reported")),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="to")),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("probe_out", "the probe was out of the chimney"),
                            ("tampered", "somebody tampered with the sensor"),
                            ("test_gas", "test gas or calibration"),
                            ("fault", "the sensor was faulty"),
                            ("two_devices", "two devices sent with one login"),
                            ("other", "another reason, see the note"),
                        ],
                        max_length=12,
                        verbose_name="reason",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                (
                    "resolution",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("registry_right", "the registry is right: count the readings as registered"),
                            ("device_right", "the device is right: correct the registry from here on"),
                            ("stated", "stated since"),
                            ("taken_back", "taken back: the readings count again"),
                        ],
                        max_length=16,
                        verbose_name="resolution",
                    ),
                ),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="devices.assignment"
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "assignment hold",
                "verbose_name_plural": "assignment holds",
                "ordering": ["-starts_at"],
            },
        ),
        migrations.CreateModel(
            name="AssignmentHoldEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("mismatch", "the device reports otherwise than the registry"),
                            ("geometry", "geometry not stated"),
                            ("two_devices", "two devices send with one login"),
                            ("set_aside", "set aside as invalid"),
                        ],
                        default="mismatch",
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("stream", models.BigIntegerField(blank=True, null=True, verbose_name="stream")),
                ("field", models.CharField(blank=True, max_length=24, verbose_name="field")),
                ("registered", models.CharField(blank=True, max_length=40, verbose_name="registered")),
                ("reported", models.CharField(blank=True, max_length=40, verbose_name="reported")),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="to")),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("probe_out", "the probe was out of the chimney"),
                            ("tampered", "somebody tampered with the sensor"),
                            ("test_gas", "test gas or calibration"),
                            ("fault", "the sensor was faulty"),
                            ("two_devices", "two devices sent with one login"),
                            ("other", "another reason, see the note"),
                        ],
                        max_length=12,
                        verbose_name="reason",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                (
                    "resolution",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("registry_right", "the registry is right: count the readings as registered"),
                            ("device_right", "the device is right: correct the registry from here on"),
                            ("stated", "stated since"),
                            ("taken_back", "taken back: the readings count again"),
                        ],
                        max_length=16,
                        verbose_name="resolution",
                    ),
                ),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "assignment",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="devices.assignment",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="devices.assignmenthold",
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="CalibrationCertificate",
            fields=[
                (
                    "calibration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="certificate",
                        serialize=False,
                        to="devices.calibration",
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("content_type", models.CharField(max_length=40)),
                ("content", models.BinaryField()),
            ],
            options={"verbose_name": "calibration certificate", "verbose_name_plural": "calibration certificates"},
        ),
        migrations.CreateModel(
            name="DeviceClaim",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code_digest", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "device_id",
                    models.CharField(
                        max_length=64,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9_-]{3,64}$",
                                "A device id has 3 to 64 of the letters A-Z a-z, the digits, _ and -.",
                            )
                        ],
                        verbose_name="device id",
                    ),
                ),
                ("serial_number", models.CharField(blank=True, max_length=60, verbose_name="serial number")),
                ("model", models.CharField(blank=True, max_length=80, verbose_name="model")),
                ("bought_on", models.DateField(blank=True, null=True, verbose_name="bought on")),
                ("sensor", models.CharField(blank=True, max_length=40, verbose_name="sensor")),
                ("range_ppm", models.FloatField(blank=True, null=True, verbose_name="sensor range (ppm)")),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn")),
                ("claimed_at", models.DateTimeField(blank=True, null=True, verbose_name="used")),
                (
                    "claimed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="device_claims",
                        to="factories.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "claim code",
                "verbose_name_plural": "claim codes",
                "ordering": ["-made_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="DeviceClaimEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                (
                    "device_id",
                    models.CharField(
                        max_length=64,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9_-]{3,64}$",
                                "A device id has 3 to 64 of the letters A-Z a-z, the digits, _ and -.",
                            )
                        ],
                        verbose_name="device id",
                    ),
                ),
                ("serial_number", models.CharField(blank=True, max_length=60, verbose_name="serial number")),
                ("model", models.CharField(blank=True, max_length=80, verbose_name="model")),
                ("bought_on", models.DateField(blank=True, null=True, verbose_name="bought on")),
                ("sensor", models.CharField(blank=True, max_length=40, verbose_name="sensor")),
                ("range_ppm", models.FloatField(blank=True, null=True, verbose_name="sensor range (ppm)")),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn")),
                ("claimed_at", models.DateTimeField(blank=True, null=True, verbose_name="used")),
                (
                    "claimed_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="factories.organisation",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="devices.deviceclaim",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="DeviceProfile",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("version", models.PositiveIntegerField(default=1, verbose_name="version")),
                (
                    "topic",
                    models.CharField(
                        help_text="like tele/{device}/SENSOR", max_length=200, verbose_name="topic of values"
                    ),
                ),
                (
                    "status_topic",
                    models.CharField(
                        blank=True,
                        help_text="like tele/{device}/LWT; may stay empty",
                        max_length=200,
                        verbose_name="topic of its state",
                    ),
                ),
                (
                    "online_text",
                    models.CharField(blank=True, default="Online", max_length=40, verbose_name="text when on line"),
                ),
                (
                    "offline_text",
                    models.CharField(blank=True, default="Offline", max_length=40, verbose_name="text when off line"),
                ),
                (
                    "time_path",
                    models.CharField(
                        blank=True,
                        help_text="empty: the time at which the message arrives",
                        max_length=200,
                        verbose_name="path of the time",
                    ),
                ),
                (
                    "time_format",
                    models.CharField(
                        choices=[
                            ("iso", "date and time with its offset from UTC"),
                            ("iso_utc", "date and time without offset, in UTC"),
                            ("iso_site", "date and time without offset, on the clock of the site"),
                            ("unix_s", "Unix time in seconds"),
                            ("unix_ms", "Unix time in milliseconds"),
                        ],
                        default="iso",
                        max_length=8,
                        verbose_name="how the time is written",
                    ),
                ),
                (
                    "interval_s",
                    models.FloatField(
                        default=300.0,
                        validators=[
                            django.core.validators.MinValueValidator(1.0),
                            django.core.validators.MaxValueValidator(3600.0),
                        ],
                        verbose_name="interval (s)",
                    ),
                ),
                ("mappings", models.JSONField(blank=True, default=list, verbose_name="mappings")),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="device_profiles",
                        to="factories.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "device profile",
                "verbose_name_plural": "device profiles",
                "ordering": ["organisation", "name"],
            },
        ),
        migrations.CreateModel(
            name="DeviceProfileEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("version", models.PositiveIntegerField(default=1, verbose_name="version")),
                (
                    "topic",
                    models.CharField(
                        help_text="like tele/{device}/SENSOR", max_length=200, verbose_name="topic of values"
                    ),
                ),
                (
                    "status_topic",
                    models.CharField(
                        blank=True,
                        help_text="like tele/{device}/LWT; may stay empty",
                        max_length=200,
                        verbose_name="topic of its state",
                    ),
                ),
                (
                    "online_text",
                    models.CharField(blank=True, default="Online", max_length=40, verbose_name="text when on line"),
                ),
                (
                    "offline_text",
                    models.CharField(blank=True, default="Offline", max_length=40, verbose_name="text when off line"),
                ),
                (
                    "time_path",
                    models.CharField(
                        blank=True,
                        help_text="empty: the time at which the message arrives",
                        max_length=200,
                        verbose_name="path of the time",
                    ),
                ),
                (
                    "time_format",
                    models.CharField(
                        choices=[
                            ("iso", "date and time with its offset from UTC"),
                            ("iso_utc", "date and time without offset, in UTC"),
                            ("iso_site", "date and time without offset, on the clock of the site"),
                            ("unix_s", "Unix time in seconds"),
                            ("unix_ms", "Unix time in milliseconds"),
                        ],
                        default="iso",
                        max_length=8,
                        verbose_name="how the time is written",
                    ),
                ),
                (
                    "interval_s",
                    models.FloatField(
                        default=300.0,
                        validators=[
                            django.core.validators.MinValueValidator(1.0),
                            django.core.validators.MaxValueValidator(3600.0),
                        ],
                        verbose_name="interval (s)",
                    ),
                ),
                ("mappings", models.JSONField(blank=True, default=list, verbose_name="mappings")),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="factories.organisation",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="devices.deviceprofile",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="InstallationCertificate",
            fields=[
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="certificate",
                        serialize=False,
                        to="devices.gonogorun",
                    ),
                ),
                ("issued_at", models.DateTimeField(verbose_name="issued")),
                ("content", models.JSONField()),
                ("pdf", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
            ],
            options={"verbose_name": "installation certificate", "verbose_name_plural": "installation certificates"},
        ),
        migrations.CreateModel(
            name="InstallationCertificateEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("issued_at", models.DateTimeField(verbose_name="issued")),
                ("content", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        serialize=False,
                        to="devices.gonogorun",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="MCUDevice",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "device_id",
                    models.CharField(
                        max_length=64,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9_-]{3,64}$",
                                "A device id has 3 to 64 of the letters A-Z a-z, the digits, _ and -.",
                            )
                        ],
                        verbose_name="device id",
                    ),
                ),
                ("interval_s", models.FloatField(default=5.0, verbose_name="interval (s)")),
                ("firmware", models.CharField(blank=True, max_length=40, verbose_name="firmware")),
                ("last_heartbeat", models.DateTimeField(blank=True, null=True, verbose_name="last heard of")),
                ("reported_online", models.BooleanField(editable=False, null=True)),
                ("last_will_at", models.DateTimeField(editable=False, null=True, verbose_name="last will")),
                ("status", models.JSONField(blank=True, default=dict, verbose_name="last status")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                ("serial_number", models.CharField(blank=True, max_length=60, verbose_name="serial number")),
                ("model", models.CharField(blank=True, max_length=80, verbose_name="model")),
                ("bought_on", models.DateField(blank=True, null=True, verbose_name="bought on")),
                ("installed_on", models.DateField(blank=True, null=True, verbose_name="installed on")),
                ("retired_on", models.DateField(blank=True, null=True, verbose_name="retired on")),
                (
                    "factory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="devices",
                        to="factories.factory",
                        verbose_name="factory",
                    ),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="devices",
                        to="devices.deviceprofile",
                    ),
                ),
            ],
            options={"verbose_name": "device", "verbose_name_plural": "devices", "ordering": ["device_id"]},
        ),
        migrations.CreateModel(
            name="GoNoGoRunEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("started_at", models.DateTimeField(verbose_name="from")),
                ("leak_started_at", models.DateTimeField(null=True, verbose_name="leak test")),
                ("plug_started_at", models.DateTimeField(null=True, verbose_name="pulled-plug test")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="to")),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[("go", "GO"), ("not_yet", "NOT YET"), ("no_go", "NO-GO")],
                        max_length=8,
                        verbose_name="verdict",
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=300)),
                ("evidence", models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("lines", models.JSONField(default=list)),
                (
                    "ended_by",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="devices.gonogorun",
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="devices.mcudevice",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.AddField(
            model_name="gonogorun",
            name="device",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="go_no_go_runs", to="devices.mcudevice"
            ),
        ),
        migrations.CreateModel(
            name="DeviceSecretEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("broker_at", models.DateTimeField(blank=True, null=True)),
                ("is_offered", models.BooleanField(default=False)),
                ("stored_at", models.DateTimeField(blank=True, null=True)),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="devices.devicesecret",
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="devices.mcudevice",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.AddField(
            model_name="devicesecret",
            name="device",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="secrets", to="devices.mcudevice"
            ),
        ),
        migrations.CreateModel(
            name="CalibrationEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("calibrated_at", models.DateTimeField(verbose_name="when")),
                (
                    "kind",
                    models.CharField(
                        choices=[("factory", "by the maker"), ("zero", "zero on site"), ("span", "span on site")],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("pressure_pa", models.FloatField(verbose_name="air pressure (Pa)")),
                ("reference_ppm", models.FloatField(blank=True, null=True, verbose_name="reference gas (ppm)")),
                (
                    "certificate_number",
                    models.CharField(blank=True, max_length=80, verbose_name="certificate number of the gas"),
                ),
                ("reading_ppm", models.FloatField(blank=True, null=True, verbose_name="reading before (ppm)")),
                ("valid_until", models.DateTimeField(blank=True, null=True, verbose_name="valid until")),
                ("done_by", models.CharField(blank=True, max_length=120, verbose_name="by")),
                ("certificate_sha256", models.CharField(blank=True, editable=False, max_length=64)),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="devices.calibration",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="devices.mcudevice",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.AddField(
            model_name="calibration",
            name="device",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="calibrations", to="devices.mcudevice"
            ),
        ),
        migrations.CreateModel(
            name="AssignmentEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                (
                    "valid_from",
                    models.DateTimeField(
                        blank=True,
                        help_text="empty: it begins with the device's first reading from now on",
                        null=True,
                        verbose_name="from",
                    ),
                ),
                ("valid_to", models.DateTimeField(blank=True, null=True, verbose_name="to")),
                ("waits_since", models.DateTimeField(blank=True, editable=False, null=True)),
                ("is_of_record", models.BooleanField(default=True, verbose_name="device of record")),
                ("sensor", models.CharField(blank=True, max_length=40, verbose_name="sensor")),
                ("range_ppm", models.FloatField(blank=True, null=True, verbose_name="sensor range (ppm)")),
                (
                    "co2_basis",
                    models.CharField(
                        choices=[
                            ("wet", "wet: the gas as it is in the stack"),
                            ("dry", "dry: behind a cooler or dryer"),
                        ],
                        default="dry",
                        max_length=3,
                        verbose_name="CO2 basis",
                    ),
                ),
                (
                    "pressure_compensation",
                    models.CharField(
                        choices=[
                            ("none", "none: the value is used as received"),
                            ("linear_0017", "corrected here, linearly (950 to 1050 hPa only)"),
                            ("proportional", "corrected here, proportionally"),
                            ("on_sensor", "done by the sensor"),
                        ],
                        default="proportional",
                        max_length=12,
                        verbose_name="pressure compensation",
                    ),
                ),
                (
                    "chimney",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="factories.chimney",
                        verbose_name="chimney",
                    ),
                ),
                (
                    "factory",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="factories.factory",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="devices.assignment",
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="devices.mcudevice",
                        verbose_name="device",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.AddField(
            model_name="assignment",
            name="device",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="assignments",
                to="devices.mcudevice",
                verbose_name="device",
            ),
        ),
        migrations.CreateModel(
            name="MCUDeviceEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                (
                    "device_id",
                    models.CharField(
                        max_length=64,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9_-]{3,64}$",
                                "A device id has 3 to 64 of the letters A-Z a-z, the digits, _ and -.",
                            )
                        ],
                        verbose_name="device id",
                    ),
                ),
                ("interval_s", models.FloatField(default=5.0, verbose_name="interval (s)")),
                ("firmware", models.CharField(blank=True, max_length=40, verbose_name="firmware")),
                ("last_heartbeat", models.DateTimeField(blank=True, null=True, verbose_name="last heard of")),
                ("reported_online", models.BooleanField(editable=False, null=True)),
                ("last_will_at", models.DateTimeField(editable=False, null=True, verbose_name="last will")),
                ("status", models.JSONField(blank=True, default=dict, verbose_name="last status")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                ("serial_number", models.CharField(blank=True, max_length=60, verbose_name="serial number")),
                ("model", models.CharField(blank=True, max_length=80, verbose_name="model")),
                ("bought_on", models.DateField(blank=True, null=True, verbose_name="bought on")),
                ("installed_on", models.DateField(blank=True, null=True, verbose_name="installed on")),
                ("retired_on", models.DateField(blank=True, null=True, verbose_name="retired on")),
                (
                    "factory",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="factories.factory",
                        verbose_name="factory",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="devices.mcudevice",
                    ),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="devices.deviceprofile",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.AddConstraint(
            model_name="assignmenthold",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolution", ""), models.Q(("kind", "set_aside"), _negated=True)),
                fields=("assignment", "kind", "field"),
                name="hold_unresolved_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignmenthold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "set_aside"), _negated=True),
                    models.Q(
                        ("ends_at__gt", models.F("starts_at")),
                        ("opened_by__isnull", False),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="hold_set_aside_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignmenthold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("resolution", ""), ("resolved_at__isnull", True)),
                    models.Q(models.Q(("resolution", ""), _negated=True), ("resolved_at__isnull", False)),
                    _connector="OR",
                ),
                name="hold_resolution_dated",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignmenthold",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_assignmentholdevent" ("assignment_id", "ends_at", "field", "id", "kind", "note", "opened_at", "opened_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "registered", "reported", "resolution", "resolved_at", "resolved_by_id", "starts_at", "stream") VALUES (NEW."assignment_id", NEW."ends_at", NEW."field", NEW."id", NEW."kind", NEW."note", NEW."opened_at", NEW."opened_by_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."reason", NEW."registered", NEW."reported", NEW."resolution", NEW."resolved_at", NEW."resolved_by_id", NEW."starts_at", NEW."stream"); RETURN NULL;',
                    hash="e2eca1688630f745dbefa4a216b8e970a1895617",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_5cc49",
                    table="devices_assignmenthold",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignmenthold",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "devices_assignmentholdevent" ("assignment_id", "ends_at", "field", "id", "kind", "note", "opened_at", "opened_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "registered", "reported", "resolution", "resolved_at", "resolved_by_id", "starts_at", "stream") VALUES (NEW."assignment_id", NEW."ends_at", NEW."field", NEW."id", NEW."kind", NEW."note", NEW."opened_at", NEW."opened_by_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."reason", NEW."registered", NEW."reported", NEW."resolution", NEW."resolved_at", NEW."resolved_by_id", NEW."starts_at", NEW."stream"); RETURN NULL;',
                    hash="239a67598609d3c9666d9161e4d90a6378825226",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_216bc",
                    table="devices_assignmenthold",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignmenthold",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_assignmentholdevent" ("assignment_id", "ends_at", "field", "id", "kind", "note", "opened_at", "opened_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "registered", "reported", "resolution", "resolved_at", "resolved_by_id", "starts_at", "stream") VALUES (OLD."assignment_id", OLD."ends_at", OLD."field", OLD."id", OLD."kind", OLD."note", OLD."opened_at", OLD."opened_by_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."reason", OLD."registered", OLD."reported", OLD."resolution", OLD."resolved_at", OLD."resolved_by_id", OLD."starts_at", OLD."stream"); RETURN NULL;',
                    hash="b6936b86a39179bf82f5dbee75d22129d4250a06",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_5b7b8",
                    table="devices_assignmenthold",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignmentholdevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="10235d150aae25128bc28a6794cb83a5eac9bbd9",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_5e631",
                    table="devices_assignmentholdevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("claimed_at__isnull", True), ("claimed_by__isnull", True)),
                    models.Q(
                        ("claimed_at__isnull", False), ("claimed_by__isnull", False), ("withdrawn_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="device_claim_used_by_whom_and_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("range_ppm__isnull", True),
                    models.Q(("range_ppm__gt", 0), ("range_ppm__lte", 1000000)),
                    _connector="OR",
                ),
                name="device_claim_range_plausible",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="deviceclaim",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_deviceclaimevent" ("bought_on", "claimed_at", "claimed_by_id", "device_id", "expires_at", "id", "made_at", "made_by_id", "model", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "range_ppm", "sensor", "serial_number", "withdrawn_at") VALUES (NEW."bought_on", NEW."claimed_at", NEW."claimed_by_id", NEW."device_id", NEW."expires_at", NEW."id", NEW."made_at", NEW."made_by_id", NEW."model", NEW."organisation_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."range_ppm", NEW."sensor", NEW."serial_number", NEW."withdrawn_at"); RETURN NULL;',
                    hash="53498a5cef8a1d5e0bab421bb07aad0d87874e03",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_6463b",
                    table="devices_deviceclaim",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="deviceclaim",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."bought_on" IS DISTINCT FROM (NEW."bought_on") OR OLD."claimed_at" IS DISTINCT FROM (NEW."claimed_at") OR OLD."claimed_by_id" IS DISTINCT FROM (NEW."claimed_by_id") OR OLD."device_id" IS DISTINCT FROM (NEW."device_id") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."made_at" IS DISTINCT FROM (NEW."made_at") OR OLD."made_by_id" IS DISTINCT FROM (NEW."made_by_id") OR OLD."model" IS DISTINCT FROM (NEW."model") OR OLD."organisation_id" IS DISTINCT FROM (NEW."organisation_id") OR OLD."range_ppm" IS DISTINCT FROM (NEW."range_ppm") OR OLD."sensor" IS DISTINCT FROM (NEW."sensor") OR OLD."serial_number" IS DISTINCT FROM (NEW."serial_number") OR OLD."withdrawn_at" IS DISTINCT FROM (NEW."withdrawn_at"))',
                    func='INSERT INTO "devices_deviceclaimevent" ("bought_on", "claimed_at", "claimed_by_id", "device_id", "expires_at", "id", "made_at", "made_by_id", "model", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "range_ppm", "sensor", "serial_number", "withdrawn_at") VALUES (NEW."bought_on", NEW."claimed_at", NEW."claimed_by_id", NEW."device_id", NEW."expires_at", NEW."id", NEW."made_at", NEW."made_by_id", NEW."model", NEW."organisation_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."range_ppm", NEW."sensor", NEW."serial_number", NEW."withdrawn_at"); RETURN NULL;',
                    hash="5bd6a3199c805de453749efd88b52be8d864848a",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_0adac",
                    table="devices_deviceclaim",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="deviceclaim",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_deviceclaimevent" ("bought_on", "claimed_at", "claimed_by_id", "device_id", "expires_at", "id", "made_at", "made_by_id", "model", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "range_ppm", "sensor", "serial_number", "withdrawn_at") VALUES (OLD."bought_on", OLD."claimed_at", OLD."claimed_by_id", OLD."device_id", OLD."expires_at", OLD."id", OLD."made_at", OLD."made_by_id", OLD."model", OLD."organisation_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."range_ppm", OLD."sensor", OLD."serial_number", OLD."withdrawn_at"); RETURN NULL;',
                    hash="b66357e99c98877196b6732b1a0aa11d7c8018f5",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_8925f",
                    table="devices_deviceclaim",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="deviceclaimevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="aa9afaa6d86914a67757addfe6bb3ded0998162b",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_53232",
                    table="devices_deviceclaimevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceprofile",
            constraint=models.UniqueConstraint(fields=("organisation", "name"), name="device_profile_name_once"),
        ),
        migrations.AddConstraint(
            model_name="deviceprofile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("topic__contains", "{device}"), models.Q(("topic__startswith", "carbontrack/"), _negated=True)
                ),
                name="device_profile_topic_is_foreign",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="deviceprofile",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_deviceprofileevent" ("changed_at", "changed_by_id", "id", "interval_s", "mappings", "name", "offline_text", "online_text", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "status_topic", "time_format", "time_path", "topic", "version") VALUES (NEW."changed_at", NEW."changed_by_id", NEW."id", NEW."interval_s", NEW."mappings", NEW."name", NEW."offline_text", NEW."online_text", NEW."organisation_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."status_topic", NEW."time_format", NEW."time_path", NEW."topic", NEW."version"); RETURN NULL;',
                    hash="d9f05849cdf8858e3fc9177ec673ea6fb9e7a48d",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_1ab47",
                    table="devices_deviceprofile",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="deviceprofile",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "devices_deviceprofileevent" ("changed_at", "changed_by_id", "id", "interval_s", "mappings", "name", "offline_text", "online_text", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "status_topic", "time_format", "time_path", "topic", "version") VALUES (NEW."changed_at", NEW."changed_by_id", NEW."id", NEW."interval_s", NEW."mappings", NEW."name", NEW."offline_text", NEW."online_text", NEW."organisation_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."status_topic", NEW."time_format", NEW."time_path", NEW."topic", NEW."version"); RETURN NULL;',
                    hash="60dc07a3c51f8a001522f6f28390d97be2693286",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_6a835",
                    table="devices_deviceprofile",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="deviceprofile",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_deviceprofileevent" ("changed_at", "changed_by_id", "id", "interval_s", "mappings", "name", "offline_text", "online_text", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "status_topic", "time_format", "time_path", "topic", "version") VALUES (OLD."changed_at", OLD."changed_by_id", OLD."id", OLD."interval_s", OLD."mappings", OLD."name", OLD."offline_text", OLD."online_text", OLD."organisation_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."status_topic", OLD."time_format", OLD."time_path", OLD."topic", OLD."version"); RETURN NULL;',
                    hash="2d37078053d92d12f9c4eb413438a1169a164cd5",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_7038e",
                    table="devices_deviceprofile",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="deviceprofileevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="6f8d6fad8c5640fd58cf26135df1dc2a05c1ce07",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_cb1cd",
                    table="devices_deviceprofileevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddField(
            model_name="installationcertificateevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="devices.installationcertificate",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="installationcertificate",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_installationcertificateevent" ("content", "issued_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "run_id", "sha256") VALUES (NEW."content", NEW."issued_at", _pgh_attach_context(), NOW(), \'insert\', NEW."run_id", NEW."run_id", NEW."sha256"); RETURN NULL;',
                    hash="67e14c16ef63f92c26a2c34322e9ecfe6157820f",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_6b10d",
                    table="devices_installationcertificate",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="installationcertificate",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."content" IS DISTINCT FROM (NEW."content") OR OLD."issued_at" IS DISTINCT FROM (NEW."issued_at") OR OLD."run_id" IS DISTINCT FROM (NEW."run_id") OR OLD."sha256" IS DISTINCT FROM (NEW."sha256"))',
                    func='INSERT INTO "devices_installationcertificateevent" ("content", "issued_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "run_id", "sha256") VALUES (NEW."content", NEW."issued_at", _pgh_attach_context(), NOW(), \'update\', NEW."run_id", NEW."run_id", NEW."sha256"); RETURN NULL;',
                    hash="db8289552c8d835d0e1a9f8106a14e589b99e764",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_52b54",
                    table="devices_installationcertificate",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="installationcertificate",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_installationcertificateevent" ("content", "issued_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "run_id", "sha256") VALUES (OLD."content", OLD."issued_at", _pgh_attach_context(), NOW(), \'delete\', OLD."run_id", OLD."run_id", OLD."sha256"); RETURN NULL;',
                    hash="f0cf1320b00c1c4c8599b8fc99aaf24ea4a258ca",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_07af6",
                    table="devices_installationcertificate",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="mcudevice",
            constraint=models.CheckConstraint(
                condition=models.Q(("device_id__regex", "^[A-Za-z0-9_-]{3,64}$")), name="device_id_fits_a_topic"
            ),
        ),
        migrations.AddConstraint(
            model_name="mcudevice",
            constraint=models.CheckConstraint(
                condition=models.Q(("interval_s__gt", 0), ("interval_s__lte", 3600)), name="device_interval"
            ),
        ),
        migrations.AddConstraint(
            model_name="mcudevice",
            constraint=models.UniqueConstraint(fields=("id", "factory"), name="device_of_factory"),
        ),
        migrations.AddConstraint(
            model_name="mcudevice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("installed_on__isnull", True),
                    ("retired_on__isnull", True),
                    ("installed_on__lte", models.F("retired_on")),
                    _connector="OR",
                ),
                name="device_retired_after_installed",
                violation_error_message="It was retired before it was installed: check both days.",
            ),
        ),
        migrations.AddConstraint(
            model_name="mcudevice",
            constraint=models.CheckConstraint(
                condition=models.Q(("retired_on__isnull", True), ("revoked_at__isnull", False), _connector="OR"),
                name="device_retired_is_revoked",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mcudevice",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_mcudeviceevent" ("bought_on", "created_at", "device_id", "factory_id", "firmware", "id", "installed_on", "interval_s", "last_heartbeat", "last_will_at", "model", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "profile_id", "reported_online", "retired_on", "revoked_at", "serial_number", "status") VALUES (NEW."bought_on", NEW."created_at", NEW."device_id", NEW."factory_id", NEW."firmware", NEW."id", NEW."installed_on", NEW."interval_s", NEW."last_heartbeat", NEW."last_will_at", NEW."model", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."profile_id", NEW."reported_online", NEW."retired_on", NEW."revoked_at", NEW."serial_number", NEW."status"); RETURN NULL;',
                    hash="fe41151d823305518faaa39088915634bcb367a1",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_7f531",
                    table="devices_mcudevice",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mcudevice",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."bought_on" IS DISTINCT FROM (NEW."bought_on") OR OLD."device_id" IS DISTINCT FROM (NEW."device_id") OR OLD."factory_id" IS DISTINCT FROM (NEW."factory_id") OR OLD."installed_on" IS DISTINCT FROM (NEW."installed_on") OR OLD."interval_s" IS DISTINCT FROM (NEW."interval_s") OR OLD."model" IS DISTINCT FROM (NEW."model") OR OLD."profile_id" IS DISTINCT FROM (NEW."profile_id") OR OLD."retired_on" IS DISTINCT FROM (NEW."retired_on") OR OLD."revoked_at" IS DISTINCT FROM (NEW."revoked_at") OR OLD."serial_number" IS DISTINCT FROM (NEW."serial_number"))',
                    func='INSERT INTO "devices_mcudeviceevent" ("bought_on", "created_at", "device_id", "factory_id", "firmware", "id", "installed_on", "interval_s", "last_heartbeat", "last_will_at", "model", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "profile_id", "reported_online", "retired_on", "revoked_at", "serial_number", "status") VALUES (NEW."bought_on", NEW."created_at", NEW."device_id", NEW."factory_id", NEW."firmware", NEW."id", NEW."installed_on", NEW."interval_s", NEW."last_heartbeat", NEW."last_will_at", NEW."model", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."profile_id", NEW."reported_online", NEW."retired_on", NEW."revoked_at", NEW."serial_number", NEW."status"); RETURN NULL;',
                    hash="e91a1bff931a3c1ed2d52ea476b7c6bb33de94a0",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_01684",
                    table="devices_mcudevice",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mcudevice",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_mcudeviceevent" ("bought_on", "created_at", "device_id", "factory_id", "firmware", "id", "installed_on", "interval_s", "last_heartbeat", "last_will_at", "model", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "profile_id", "reported_online", "retired_on", "revoked_at", "serial_number", "status") VALUES (OLD."bought_on", OLD."created_at", OLD."device_id", OLD."factory_id", OLD."firmware", OLD."id", OLD."installed_on", OLD."interval_s", OLD."last_heartbeat", OLD."last_will_at", OLD."model", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."profile_id", OLD."reported_online", OLD."retired_on", OLD."revoked_at", OLD."serial_number", OLD."status"); RETURN NULL;',
                    hash="e788f43cf61eaf20373e0a14b3b7520868390ed6",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_9bd30",
                    table="devices_mcudevice",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gonogorunevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="dfc1e46ecbc941ad1b1940f52936c78132ca9373",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_bdf8e",
                    table="devices_gonogorunevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="gonogorun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("device",), name="go_no_go_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="gonogorun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("verdict", "")),
                    models.Q(("ended_at__isnull", False), models.Q(("verdict", ""), _negated=True)),
                    _connector="OR",
                ),
                name="go_no_go_ended_has_verdict",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gonogorun",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_gonogorunevent" ("device_id", "ended_at", "ended_by_id", "evidence", "id", "leak_started_at", "lines", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plug_started_at", "started_at", "started_by_id", "verdict", "words") VALUES (NEW."device_id", NEW."ended_at", NEW."ended_by_id", NEW."evidence", NEW."id", NEW."leak_started_at", NEW."lines", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."plug_started_at", NEW."started_at", NEW."started_by_id", NEW."verdict", NEW."words"); RETURN NULL;',
                    hash="df760a47b1a765001a3ebc1f6ba9cd262db5cbb9",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_de33b",
                    table="devices_gonogorun",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gonogorun",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "devices_gonogorunevent" ("device_id", "ended_at", "ended_by_id", "evidence", "id", "leak_started_at", "lines", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plug_started_at", "started_at", "started_by_id", "verdict", "words") VALUES (NEW."device_id", NEW."ended_at", NEW."ended_by_id", NEW."evidence", NEW."id", NEW."leak_started_at", NEW."lines", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."plug_started_at", NEW."started_at", NEW."started_by_id", NEW."verdict", NEW."words"); RETURN NULL;',
                    hash="40f0965809e0081b4bc3b8ad3c1dfec778a9a898",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_d03b0",
                    table="devices_gonogorun",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gonogorun",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_gonogorunevent" ("device_id", "ended_at", "ended_by_id", "evidence", "id", "leak_started_at", "lines", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plug_started_at", "started_at", "started_by_id", "verdict", "words") VALUES (OLD."device_id", OLD."ended_at", OLD."ended_by_id", OLD."evidence", OLD."id", OLD."leak_started_at", OLD."lines", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."plug_started_at", OLD."started_at", OLD."started_by_id", OLD."verdict", OLD."words"); RETURN NULL;',
                    hash="55be299b880d4c2979b38565f37d4f9baeaa3508",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_e301a",
                    table="devices_gonogorun",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="devicesecretevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="754dfaccf433b3c5368f0526c2c2f3dbd8c00636",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_a8861",
                    table="devices_devicesecretevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="devicesecret",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at__isnull", True)),
                fields=("device", "is_offered"),
                name="device_secret_one_in_force",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="devicesecret",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_devicesecretevent" ("broker_at", "created_at", "device_id", "id", "is_offered", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "stored_at") VALUES (NEW."broker_at", NEW."created_at", NEW."device_id", NEW."id", NEW."is_offered", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."revoked_at", NEW."stored_at"); RETURN NULL;',
                    hash="abeba889a7e5d15e5f9735486543f4171b7ef026",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_be539",
                    table="devices_devicesecret",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="devicesecret",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."broker_at" IS DISTINCT FROM (NEW."broker_at") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."device_id" IS DISTINCT FROM (NEW."device_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_offered" IS DISTINCT FROM (NEW."is_offered") OR OLD."revoked_at" IS DISTINCT FROM (NEW."revoked_at") OR OLD."stored_at" IS DISTINCT FROM (NEW."stored_at"))',
                    func='INSERT INTO "devices_devicesecretevent" ("broker_at", "created_at", "device_id", "id", "is_offered", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "stored_at") VALUES (NEW."broker_at", NEW."created_at", NEW."device_id", NEW."id", NEW."is_offered", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."revoked_at", NEW."stored_at"); RETURN NULL;',
                    hash="210229417c43b0f4e099c8ce18a91a94f668b52a",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_e02b5",
                    table="devices_devicesecret",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="devicesecret",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_devicesecretevent" ("broker_at", "created_at", "device_id", "id", "is_offered", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "stored_at") VALUES (OLD."broker_at", OLD."created_at", OLD."device_id", OLD."id", OLD."is_offered", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."revoked_at", OLD."stored_at"); RETURN NULL;',
                    hash="ab6d7d0dd2a2a0968c3c275dd71d1cc9193e081e",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_97f17",
                    table="devices_devicesecret",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="calibrationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="fab77348c411d1ec339065c3ecfaca6e2010c2a4",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_fa354",
                    table="devices_calibrationevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="calibration",
            constraint=models.CheckConstraint(
                condition=models.Q(("pressure_pa__gte", 65000), ("pressure_pa__lte", 108000)),
                name="calibration_pressure_plausible",
                violation_error_message="Air pressure must be between 65,000 and 108,000 Pa.",
            ),
        ),
        migrations.AddConstraint(
            model_name="calibration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_until__isnull", True), ("valid_until__gt", models.F("calibrated_at")), _connector="OR"
                ),
                name="calibration_valid_after_it_was_done",
                violation_error_message="It would have expired before it was done: check both times.",
            ),
        ),
        migrations.AddConstraint(
            model_name="calibration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("reference_ppm__isnull", True),
                        models.Q(("reference_ppm__gte", 0), ("reference_ppm__lte", 1000000)),
                        _connector="OR",
                    ),
                    models.Q(
                        ("reading_ppm__isnull", True),
                        models.Q(("reading_ppm__gte", -10000), ("reading_ppm__lte", 1000000)),
                        _connector="OR",
                    ),
                ),
                name="calibration_ppm_plausible",
                violation_error_message="A concentration is from 0 to 1,000,000 ppm: 20 %% is 200,000.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="calibration",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_calibrationevent" ("calibrated_at", "certificate_number", "certificate_sha256", "device_id", "done_by", "id", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pressure_pa", "reading_ppm", "recorded_at", "recorded_by_id", "reference_ppm", "valid_until") VALUES (NEW."calibrated_at", NEW."certificate_number", NEW."certificate_sha256", NEW."device_id", NEW."done_by", NEW."id", NEW."kind", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."pressure_pa", NEW."reading_ppm", NEW."recorded_at", NEW."recorded_by_id", NEW."reference_ppm", NEW."valid_until"); RETURN NULL;',
                    hash="c0a926478761ce55f119a86cb1c0839a824617bb",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_2af13",
                    table="devices_calibration",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="calibration",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "devices_calibrationevent" ("calibrated_at", "certificate_number", "certificate_sha256", "device_id", "done_by", "id", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pressure_pa", "reading_ppm", "recorded_at", "recorded_by_id", "reference_ppm", "valid_until") VALUES (NEW."calibrated_at", NEW."certificate_number", NEW."certificate_sha256", NEW."device_id", NEW."done_by", NEW."id", NEW."kind", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."pressure_pa", NEW."reading_ppm", NEW."recorded_at", NEW."recorded_by_id", NEW."reference_ppm", NEW."valid_until"); RETURN NULL;',
                    hash="cda607c998ddfcec365e727e8929cfd11ef83015",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_75e0f",
                    table="devices_calibration",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="calibration",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_calibrationevent" ("calibrated_at", "certificate_number", "certificate_sha256", "device_id", "done_by", "id", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pressure_pa", "reading_ppm", "recorded_at", "recorded_by_id", "reference_ppm", "valid_until") VALUES (OLD."calibrated_at", OLD."certificate_number", OLD."certificate_sha256", OLD."device_id", OLD."done_by", OLD."id", OLD."kind", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."pressure_pa", OLD."reading_ppm", OLD."recorded_at", OLD."recorded_by_id", OLD."reference_ppm", OLD."valid_until"); RETURN NULL;',
                    hash="7e911f5f1720c5fa710ec2c315897d41a6f22e5b",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_cebf2",
                    table="devices_calibration",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignmentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="bfa456052cb66943636924d3c00f6e6e48edb991",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_99a25",
                    table="devices_assignmentevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("is_of_record", True)),
                expressions=[
                    ("chimney", "="),
                    (
                        devices.models.registry.TsTzRange(
                            django.db.models.functions.comparison.Coalesce(
                                "valid_from", "valid_to", devices.models.registry._Infinity()
                            ),
                            "valid_to",
                            django.contrib.postgres.fields.ranges.RangeBoundary(),
                        ),
                        "&&",
                    ),
                ],
                name="one_device_of_record_per_chimney",
                violation_error_message="This chimney already has a device of record in that time: end its assignment first, or add this one as a cross-check.",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("device", "="),
                    (
                        devices.models.registry.TsTzRange(
                            django.db.models.functions.comparison.Coalesce(
                                "valid_from", "valid_to", devices.models.registry._Infinity()
                            ),
                            "valid_to",
                            django.contrib.postgres.fields.ranges.RangeBoundary(),
                        ),
                        "&&",
                    ),
                ],
                name="device_in_one_chimney_at_a_time",
                violation_error_message="This device is assigned elsewhere in that time: end that assignment first.",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to__isnull", True), ("valid_from__lt", models.F("valid_to")), _connector="OR"
                ),
                name="assignment_period_forward",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_from__isnull", False), ("waits_since__isnull", False), _connector="OR"),
                name="assignment_begins_or_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("range_ppm__isnull", True),
                    models.Q(("range_ppm__gt", 0), ("range_ppm__lte", 1000000)),
                    _connector="OR",
                ),
                name="assignment_range_plausible",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignment",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_assignmentevent" ("chimney_id", "co2_basis", "device_id", "factory_id", "id", "is_of_record", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pressure_compensation", "range_ppm", "sensor", "valid_from", "valid_to", "waits_since") VALUES (NEW."chimney_id", NEW."co2_basis", NEW."device_id", NEW."factory_id", NEW."id", NEW."is_of_record", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."pressure_compensation", NEW."range_ppm", NEW."sensor", NEW."valid_from", NEW."valid_to", NEW."waits_since"); RETURN NULL;',
                    hash="9cb1655f00daf9e7e5ad6a5d5f2579cb01c3652f",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_52005",
                    table="devices_assignment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignment",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "devices_assignmentevent" ("chimney_id", "co2_basis", "device_id", "factory_id", "id", "is_of_record", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pressure_compensation", "range_ppm", "sensor", "valid_from", "valid_to", "waits_since") VALUES (NEW."chimney_id", NEW."co2_basis", NEW."device_id", NEW."factory_id", NEW."id", NEW."is_of_record", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."pressure_compensation", NEW."range_ppm", NEW."sensor", NEW."valid_from", NEW."valid_to", NEW."waits_since"); RETURN NULL;',
                    hash="264a655f534418e99e53b1d56232fa36848024d7",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_cb82f",
                    table="devices_assignment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="assignment",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "devices_assignmentevent" ("chimney_id", "co2_basis", "device_id", "factory_id", "id", "is_of_record", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pressure_compensation", "range_ppm", "sensor", "valid_from", "valid_to", "waits_since") VALUES (OLD."chimney_id", OLD."co2_basis", OLD."device_id", OLD."factory_id", OLD."id", OLD."is_of_record", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."pressure_compensation", OLD."range_ppm", OLD."sensor", OLD."valid_from", OLD."valid_to", OLD."waits_since"); RETURN NULL;',
                    hash="d30166b35c7dc189b11f5a770788921b8c30042d",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_1c460",
                    table="devices_assignment",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mcudeviceevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="6bc16c81fa7d3586140c43296220929663a92300",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_f6a0e",
                    table="devices_mcudeviceevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="installationcertificateevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="7227e79008fa6d085d6970d47c225c929230c0d0",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_43ff6",
                    table="devices_installationcertificateevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(
            (SQL / "0001_assignment_within_factory.sql").read_text(encoding="utf-8"),
            (SQL / "0001_assignment_within_factory_backward.sql").read_text(encoding="utf-8"),
        ),
    ]
