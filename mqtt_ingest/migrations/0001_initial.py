"""Counters of ingest, rejected messages and messages of devices."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("devices", "0001_initial"),
        ("emissions", "0001_initial"),
        ("energy", "0001_initial"),
        ("factories", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="IngestCounter",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "outcome", "reason", "slot", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("received", "received"),
                            ("stored", "stored"),
                            ("duplicate", "duplicate"),
                            ("rejected", "rejected"),
                            ("message", "message"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=16)),
                ("slot", models.SmallIntegerField()),
                ("count", models.BigIntegerField()),
            ],
            options={"verbose_name": "ingest counter", "verbose_name_plural": "ingest counters"},
        ),
        migrations.CreateModel(
            name="DeviceCommand",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("command_id", models.CharField(max_length=64, unique=True, verbose_name="id")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("set_interval", "Measure at another interval"),
                            ("set_limits", "Set its own alarm limits"),
                            ("set_secret", "Give it a new password"),
                            ("set_ca", "Give it the broker's new authority"),
                            ("resend", "Send missing readings again"),
                            ("zero", "Zero the CO2 sensor"),
                            ("reboot", "Restart it"),
                            ("update_firmware", "Install other firmware"),
                        ],
                        max_length=24,
                        verbose_name="kind",
                    ),
                ),
                ("arguments", models.JSONField(verbose_name="arguments")),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("person", "a person"),
                            ("gap", "readings are missing"),
                            ("restart", "the device has restarted and forgotten it"),
                            ("rules", "the alarm rules of the site changed"),
                            ("roll_out", "roll-out of firmware"),
                            ("roll_back", "the roll-out was halted: back to the firmware before"),
                        ],
                        default="person",
                        max_length=12,
                        verbose_name="cause",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="why")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "waits for the device"),
                            ("sent", "sent, not answered yet"),
                            ("acknowledged", "carried out"),
                            ("failed", "the device could not"),
                            ("expired", "no answer in time"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="queued",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(verbose_name="until")),
                ("last_sent_at", models.DateTimeField(null=True, verbose_name="last sent")),
                ("sent_count", models.PositiveIntegerField(default=0, verbose_name="sent")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                ("answered_stream", models.BigIntegerField(null=True)),
                ("error", models.CharField(blank=True, max_length=200, verbose_name="the device's words")),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commands",
                        to="devices.mcudevice",
                        verbose_name="device",
                    ),
                ),
                (
                    "given_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="given by",
                    ),
                ),
            ],
            options={
                "verbose_name": "device command",
                "verbose_name_plural": "device commands",
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="DeviceCommandEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("command_id", models.CharField(max_length=64, verbose_name="id")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("set_interval", "Measure at another interval"),
                            ("set_limits", "Set its own alarm limits"),
                            ("set_secret", "Give it a new password"),
                            ("set_ca", "Give it the broker's new authority"),
                            ("resend", "Send missing readings again"),
                            ("zero", "Zero the CO2 sensor"),
                            ("reboot", "Restart it"),
                            ("update_firmware", "Install other firmware"),
                        ],
                        max_length=24,
                        verbose_name="kind",
                    ),
                ),
                ("arguments", models.JSONField(verbose_name="arguments")),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("person", "a person"),
                            ("gap", "readings are missing"),
                            ("restart", "the device has restarted and forgotten it"),
                            ("rules", "the alarm rules of the site changed"),
                            ("roll_out", "roll-out of firmware"),
                            ("roll_back", "the roll-out was halted: back to the firmware before"),
                        ],
                        default="person",
                        max_length=12,
                        verbose_name="cause",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="why")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "waits for the device"),
                            ("sent", "sent, not answered yet"),
                            ("acknowledged", "carried out"),
                            ("failed", "the device could not"),
                            ("expired", "no answer in time"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="queued",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(verbose_name="until")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                ("error", models.CharField(blank=True, max_length=200, verbose_name="the device's words")),
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
                (
                    "given_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="given by",
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
                        to="mqtt_ingest.devicecommand",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="DeviceMessage",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("status", "status"), ("alert", "alert"), ("ack", "acknowledgement")],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("received_at", models.DateTimeField(verbose_name="received")),
                ("payload", models.JSONField(verbose_name="payload")),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="devices.mcudevice"
                    ),
                ),
            ],
            options={
                "verbose_name": "device message",
                "verbose_name_plural": "device messages",
                "ordering": ["-received_at"],
            },
        ),
        migrations.CreateModel(
            name="DeviceMeter",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("counts_from", models.DateTimeField(verbose_name="counts from")),
                ("counts_until", models.DateTimeField(blank=True, null=True, verbose_name="counts until")),
                ("stale_from", models.DateTimeField(editable=False, null=True)),
                ("changes", models.BigIntegerField(default=0, editable=False)),
                ("problem", models.CharField(blank=True, editable=False, max_length=500)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="meters", to="emissions.sensorchannel"
                    ),
                ),
                (
                    "energy_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.energytype"
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="device_meters",
                        to="factories.emissionsource",
                    ),
                ),
            ],
            options={
                "verbose_name": "meter of a device",
                "verbose_name_plural": "meters of devices",
                "ordering": ["channel", "-counts_from"],
            },
        ),
        migrations.CreateModel(
            name="DeviceMeterEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("counts_from", models.DateTimeField(verbose_name="counts from")),
                ("counts_until", models.DateTimeField(blank=True, null=True, verbose_name="counts until")),
                (
                    "channel",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="emissions.sensorchannel",
                    ),
                ),
                (
                    "energy_type",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="energy.energytype",
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
                        to="mqtt_ingest.devicemeter",
                    ),
                ),
                (
                    "set_by",
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
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="factories.emissionsource",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="FirmwareImage",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.CharField(max_length=40, verbose_name="version")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("signature", models.CharField(max_length=88, verbose_name="signature (Ed25519)")),
                ("size_bytes", models.PositiveIntegerField(verbose_name="size (bytes)")),
                ("notes", models.CharField(blank=True, max_length=1000, verbose_name="notes")),
                ("content", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="firmware_images",
                        to="factories.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "firmware image",
                "verbose_name_plural": "firmware images",
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="FirmwareImageEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("version", models.CharField(max_length=40, verbose_name="version")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("signature", models.CharField(max_length=88, verbose_name="signature (Ed25519)")),
                ("size_bytes", models.PositiveIntegerField(verbose_name="size (bytes)")),
                ("notes", models.CharField(blank=True, max_length=1000, verbose_name="notes")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "added_by",
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
                        to="mqtt_ingest.firmwareimage",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="RejectedGroup",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("topic_device_id", models.CharField(max_length=64, verbose_name="device id in the topic")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("not_json", "not JSON"),
                            ("bad_schema", "does not fit the schema"),
                            ("unknown_device", "unknown device"),
                            ("revoked", "device revoked"),
                            ("future_time", "more than 2 minutes in the future"),
                            ("not_milliseconds", "a time in another unit than milliseconds"),
                            ("too_old", "older than 366 days"),
                            ("conflict", "stored already with another time or other values"),
                            ("no_profile", "no device profile reads this message"),
                            ("rate_limited", "too many readings per second"),
                        ],
                        max_length=16,
                        verbose_name="reason",
                    ),
                ),
                ("shape", models.CharField(blank=True, max_length=120)),
                ("count", models.BigIntegerField(verbose_name="how often")),
                ("first_at", models.DateTimeField(verbose_name="first")),
                ("last_at", models.DateTimeField(verbose_name="last")),
            ],
            options={
                "verbose_name": "group of rejected messages",
                "verbose_name_plural": "groups of rejected messages",
                "ordering": ["-last_at"],
                "constraints": [
                    models.UniqueConstraint(fields=("topic_device_id", "reason", "shape"), name="rejected_group_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="RejectedMessage",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("received_at", models.DateTimeField(db_index=True, verbose_name="received")),
                ("topic_device_id", models.CharField(max_length=64, verbose_name="device id in the topic")),
                ("topic", models.CharField(max_length=250, verbose_name="topic")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("not_json", "not JSON"),
                            ("bad_schema", "does not fit the schema"),
                            ("unknown_device", "unknown device"),
                            ("revoked", "device revoked"),
                            ("future_time", "more than 2 minutes in the future"),
                            ("not_milliseconds", "a time in another unit than milliseconds"),
                            ("too_old", "older than 366 days"),
                            ("conflict", "stored already with another time or other values"),
                            ("no_profile", "no device profile reads this message"),
                            ("rate_limited", "too many readings per second"),
                        ],
                        max_length=16,
                        verbose_name="reason",
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=300, verbose_name="detail")),
                ("reading_index", models.IntegerField(null=True, verbose_name="index in the message")),
                ("stream", models.BigIntegerField(null=True, verbose_name="stream")),
                ("seq", models.BigIntegerField(null=True, verbose_name="seq")),
                ("payload", models.BinaryField(verbose_name="payload, whole up to 8 KiB")),
                ("payload_bytes", models.IntegerField(verbose_name="payload size (bytes)")),
                ("is_live", models.BooleanField(default=True)),
                ("replayed_at", models.DateTimeField(null=True, verbose_name="replayed")),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="mqtt_ingest.rejectedgroup",
                    ),
                ),
            ],
            options={
                "verbose_name": "rejected message",
                "verbose_name_plural": "rejected messages",
                "ordering": ["-received_at"],
            },
        ),
        migrations.CreateModel(
            name="RollOut",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("watch_s", models.PositiveIntegerField(verbose_name="watched for (s)")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("first", "the first devices are watched"),
                            ("rest", "the other devices follow"),
                            ("done", "done"),
                            ("halted", "halted: devices go back to the firmware before"),
                            ("rolled_back", "halted, and rolled back"),
                        ],
                        default="first",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("started_at", models.DateTimeField(auto_now_add=True, verbose_name="started")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("refused", "the device refused the update"),
                            ("no_answer", "the device did not answer in time"),
                            ("not_back", "the device did not come back with the new version"),
                            ("silent", "the device went silent with the new version"),
                            ("fewer_good", "a smaller share of its readings is good"),
                            ("more_gaps", "its readings have more gaps"),
                            ("by_person", "a person halted it"),
                        ],
                        max_length=12,
                        verbose_name="why halted",
                    ),
                ),
                (
                    "halted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="roll_outs",
                        to="mqtt_ingest.firmwareimage",
                        verbose_name="image",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="factories.organisation"
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
                "verbose_name": "firmware roll-out",
                "verbose_name_plural": "firmware roll-outs",
                "ordering": ["-started_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="DeviceUpdate",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_first", models.BooleanField()),
                ("version_before", models.CharField(blank=True, max_length=40)),
                ("back_at", models.DateTimeField(null=True)),
                ("good_before", models.FloatField(null=True)),
                ("received_before", models.FloatField(null=True)),
                ("good_after", models.FloatField(null=True)),
                ("received_after", models.FloatField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "not yet"),
                            ("under_way", "under way"),
                            ("fine", "runs it well"),
                            ("bad", "does not run it well"),
                            ("going_back", "goes back"),
                            ("back", "back on the firmware before"),
                            ("stuck", "cannot go back by itself"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("refused", "the device refused the update"),
                            ("no_answer", "the device did not answer in time"),
                            ("not_back", "the device did not come back with the new version"),
                            ("silent", "the device went silent with the new version"),
                            ("fewer_good", "a smaller share of its readings is good"),
                            ("more_gaps", "its readings have more gaps"),
                            ("by_person", "a person halted it"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "command",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="mqtt_ingest.devicecommand",
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="devices.mcudevice"
                    ),
                ),
                (
                    "roll_out",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="updates", to="mqtt_ingest.rollout"
                    ),
                ),
            ],
            options={
                "verbose_name": "device in a roll-out",
                "verbose_name_plural": "devices in roll-outs",
                "ordering": ["-is_first", "device__device_id"],
            },
        ),
        migrations.CreateModel(
            name="RollOutEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("watch_s", models.PositiveIntegerField(verbose_name="watched for (s)")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("first", "the first devices are watched"),
                            ("rest", "the other devices follow"),
                            ("done", "done"),
                            ("halted", "halted: devices go back to the firmware before"),
                            ("rolled_back", "halted, and rolled back"),
                        ],
                        default="first",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("started_at", models.DateTimeField(auto_now_add=True, verbose_name="started")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("refused", "the device refused the update"),
                            ("no_answer", "the device did not answer in time"),
                            ("not_back", "the device did not come back with the new version"),
                            ("silent", "the device went silent with the new version"),
                            ("fewer_good", "a smaller share of its readings is good"),
                            ("more_gaps", "its readings have more gaps"),
                            ("by_person", "a person halted it"),
                        ],
                        max_length=12,
                        verbose_name="why halted",
                    ),
                ),
                (
                    "halted_by",
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
                    "image",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="mqtt_ingest.firmwareimage",
                        verbose_name="image",
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
                        to="mqtt_ingest.rollout",
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
            ],
            options={"abstract": False},
        ),
        migrations.AddIndex(
            model_name="devicecommand", index=models.Index(fields=["device", "-created_at"], name="command_by_device")
        ),
        migrations.AddConstraint(
            model_name="devicecommand",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["queued", "sent"])),
                fields=("device", "kind"),
                name="command_one_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="devicecommand",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("state__in", ["queued", "sent"])),
                    models.Q(models.Q(("state__in", ["queued", "sent"]), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="command_end_dated",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="devicecommand",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NOT (NEW.\"cause\" IN ('gap', 'restart')))",
                    func='INSERT INTO "mqtt_ingest_devicecommandevent" ("arguments", "cause", "command_id", "created_at", "device_id", "ended_at", "error", "expires_at", "given_by_id", "id", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "state") VALUES (NEW."arguments", NEW."cause", NEW."command_id", NEW."created_at", NEW."device_id", NEW."ended_at", NEW."error", NEW."expires_at", NEW."given_by_id", NEW."id", NEW."kind", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."reason", NEW."state"); RETURN NULL;',
                    hash="00e8c73fc39922a7bcc33be7e30271e820e16616",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_9b20a",
                    table="mqtt_ingest_devicecommand",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="devicecommand",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NOT (NEW."cause" IN (\'gap\', \'restart\')) AND OLD."state" IS DISTINCT FROM (NEW."state"))',
                    func='INSERT INTO "mqtt_ingest_devicecommandevent" ("arguments", "cause", "command_id", "created_at", "device_id", "ended_at", "error", "expires_at", "given_by_id", "id", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "state") VALUES (NEW."arguments", NEW."cause", NEW."command_id", NEW."created_at", NEW."device_id", NEW."ended_at", NEW."error", NEW."expires_at", NEW."given_by_id", NEW."id", NEW."kind", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."reason", NEW."state"); RETURN NULL;',
                    hash="6328683ee2414ddb0371d6b79cc815274952adee",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_6bdea",
                    table="mqtt_ingest_devicecommand",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="devicecommandevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="e8d7cc81aa6d654a20fdb47c467cbe9a7e6dd5e5",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_258f4",
                    table="mqtt_ingest_devicecommandevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="devicemessage",
            index=models.Index(fields=["device", "kind", "-received_at"], name="message_by_device_kind"),
        ),
        migrations.AddConstraint(
            model_name="devicemeter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("counts_until", None), ("counts_from__lt", models.F("counts_until")), _connector="OR"
                ),
                name="device_meter_forward",
            ),
        ),
        migrations.AddConstraint(
            model_name="devicemeter",
            constraint=models.UniqueConstraint(
                condition=models.Q(("counts_until", None)), fields=("channel",), name="device_meter_of_one_source"
            ),
        ),
        migrations.AddConstraint(
            model_name="devicemeter",
            constraint=models.UniqueConstraint(
                condition=models.Q(("counts_until", None)),
                fields=("source", "energy_type"),
                name="device_meter_once_a_source",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="devicemeter",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "mqtt_ingest_devicemeterevent" ("channel_id", "counts_from", "counts_until", "energy_type_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "set_by_id", "source_id") VALUES (NEW."channel_id", NEW."counts_from", NEW."counts_until", NEW."energy_type_id", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."set_by_id", NEW."source_id"); RETURN NULL;',
                    hash="660764dc372390d3a67d0c24916e19a774258557",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_512d5",
                    table="mqtt_ingest_devicemeter",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="devicemeter",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."counts_until" IS DISTINCT FROM (NEW."counts_until"))',
                    func='INSERT INTO "mqtt_ingest_devicemeterevent" ("channel_id", "counts_from", "counts_until", "energy_type_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "set_by_id", "source_id") VALUES (NEW."channel_id", NEW."counts_from", NEW."counts_until", NEW."energy_type_id", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."set_by_id", NEW."source_id"); RETURN NULL;',
                    hash="3238e97b259d7b3be1cd117e83935e50e98dd801",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_47c45",
                    table="mqtt_ingest_devicemeter",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="devicemeter",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "mqtt_ingest_devicemeterevent" ("channel_id", "counts_from", "counts_until", "energy_type_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "set_by_id", "source_id") VALUES (OLD."channel_id", OLD."counts_from", OLD."counts_until", OLD."energy_type_id", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."set_by_id", OLD."source_id"); RETURN NULL;',
                    hash="0260d29c6d483711420b04bab5965f1d9776e5bd",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_5b178",
                    table="mqtt_ingest_devicemeter",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="devicemeterevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="bfb51c37a15521711ee4e787f5ad065269a8920a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_95333",
                    table="mqtt_ingest_devicemeterevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="firmwareimage",
            constraint=models.UniqueConstraint(fields=("organisation", "version"), name="image_version_once"),
        ),
        migrations.AddConstraint(
            model_name="firmwareimage",
            constraint=models.UniqueConstraint(fields=("organisation", "sha256"), name="image_content_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="firmwareimage",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "mqtt_ingest_firmwareimageevent" ("added_by_id", "created_at", "id", "notes", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "signature", "size_bytes", "version") VALUES (NEW."added_by_id", NEW."created_at", NEW."id", NEW."notes", NEW."organisation_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."sha256", NEW."signature", NEW."size_bytes", NEW."version"); RETURN NULL;',
                    hash="1505daf3afd1bc895efc6c074ec52a359243bd3f",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_16ada",
                    table="mqtt_ingest_firmwareimage",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="firmwareimage",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."added_by_id" IS DISTINCT FROM (NEW."added_by_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."notes" IS DISTINCT FROM (NEW."notes") OR OLD."organisation_id" IS DISTINCT FROM (NEW."organisation_id") OR OLD."sha256" IS DISTINCT FROM (NEW."sha256") OR OLD."signature" IS DISTINCT FROM (NEW."signature") OR OLD."size_bytes" IS DISTINCT FROM (NEW."size_bytes") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                    func='INSERT INTO "mqtt_ingest_firmwareimageevent" ("added_by_id", "created_at", "id", "notes", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "signature", "size_bytes", "version") VALUES (NEW."added_by_id", NEW."created_at", NEW."id", NEW."notes", NEW."organisation_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."sha256", NEW."signature", NEW."size_bytes", NEW."version"); RETURN NULL;',
                    hash="fce60056df03d1e829738196a290306804267e9e",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_4714d",
                    table="mqtt_ingest_firmwareimage",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="firmwareimage",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "mqtt_ingest_firmwareimageevent" ("added_by_id", "created_at", "id", "notes", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "signature", "size_bytes", "version") VALUES (OLD."added_by_id", OLD."created_at", OLD."id", OLD."notes", OLD."organisation_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."sha256", OLD."signature", OLD."size_bytes", OLD."version"); RETURN NULL;',
                    hash="68f33846578bbddaa940002abbd3c7d7fb22cfc9",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_30c25",
                    table="mqtt_ingest_firmwareimage",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="firmwareimageevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="b2cd65495c1ced593919a6ba846fc96b31f986a7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_a04f7",
                    table="mqtt_ingest_firmwareimageevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="rejectedmessage",
            index=models.Index(fields=["topic_device_id", "-received_at"], name="rejected_by_device"),
        ),
        migrations.AddConstraint(
            model_name="rollout",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["first", "rest"])),
                fields=("organisation",),
                name="roll_out_one_at_a_time",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rollout",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "mqtt_ingest_rolloutevent" ("ended_at", "halted_by_id", "id", "image_id", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "problem", "reason", "started_at", "started_by_id", "state", "watch_s") VALUES (NEW."ended_at", NEW."halted_by_id", NEW."id", NEW."image_id", NEW."organisation_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."problem", NEW."reason", NEW."started_at", NEW."started_by_id", NEW."state", NEW."watch_s"); RETURN NULL;',
                    hash="78d6aaf78d55ad37ae673ff03f9ce10e0ebf3176",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_2730f",
                    table="mqtt_ingest_rollout",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rollout",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "mqtt_ingest_rolloutevent" ("ended_at", "halted_by_id", "id", "image_id", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "problem", "reason", "started_at", "started_by_id", "state", "watch_s") VALUES (NEW."ended_at", NEW."halted_by_id", NEW."id", NEW."image_id", NEW."organisation_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."problem", NEW."reason", NEW."started_at", NEW."started_by_id", NEW."state", NEW."watch_s"); RETURN NULL;',
                    hash="f940f35ffaddde19898786c98630902210f25fcc",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_c62f9",
                    table="mqtt_ingest_rollout",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rollout",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "mqtt_ingest_rolloutevent" ("ended_at", "halted_by_id", "id", "image_id", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "problem", "reason", "started_at", "started_by_id", "state", "watch_s") VALUES (OLD."ended_at", OLD."halted_by_id", OLD."id", OLD."image_id", OLD."organisation_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."problem", OLD."reason", OLD."started_at", OLD."started_by_id", OLD."state", OLD."watch_s"); RETURN NULL;',
                    hash="d995a38ad7b3036663dd3cce9789e10c71c8c0c9",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_51a13",
                    table="mqtt_ingest_rollout",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="deviceupdate",
            constraint=models.UniqueConstraint(fields=("roll_out", "device"), name="update_device_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rolloutevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="91e79a165c8196cfba10b054b3645c0fde7f3175",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_da661",
                    table="mqtt_ingest_rolloutevent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
