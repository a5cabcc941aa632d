"""Counters of ingest, rejected messages and messages of devices."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("devices", "0001_initial")]

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
            name="DeviceCommand",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("command_id", models.CharField(max_length=64, unique=True, verbose_name="id")),
                ("kind", models.CharField(max_length=24, verbose_name="kind")),
                ("arguments", models.JSONField(verbose_name="arguments")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("last_sent_at", models.DateTimeField(null=True, verbose_name="last sent")),
                ("sent_count", models.PositiveIntegerField(default=0, verbose_name="sent")),
                ("answered_at", models.DateTimeField(null=True, verbose_name="answered")),
                ("is_carried_out", models.BooleanField(null=True, verbose_name="carried out")),
                ("error", models.CharField(blank=True, max_length=200, verbose_name="error")),
                ("withdrawn_at", models.DateTimeField(null=True, verbose_name="withdrawn")),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="commands", to="devices.mcudevice"
                    ),
                ),
            ],
            options={
                "verbose_name": "device command",
                "verbose_name_plural": "device commands",
                "ordering": ["-created_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("answered_at__isnull", True), ("withdrawn_at__isnull", True)),
                        fields=("device", "kind"),
                        name="command_one_waits",
                    )
                ],
            },
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
                "indexes": [models.Index(fields=["device", "kind", "-received_at"], name="message_by_device_kind")],
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
                "indexes": [models.Index(fields=["topic_device_id", "-received_at"], name="rejected_by_device")],
            },
        ),
    ]
