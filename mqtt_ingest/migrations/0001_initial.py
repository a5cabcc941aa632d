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
            name="RejectedMessage",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("received_at", models.DateTimeField(db_index=True, verbose_name="received")),
                ("topic_device_id", models.CharField(max_length=64, verbose_name="device id in the topic")),
                ("topic", models.CharField(max_length=120, verbose_name="topic")),
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
                ("payload", models.BinaryField(verbose_name="payload, first 4 KiB")),
                ("payload_bytes", models.IntegerField(verbose_name="payload size (bytes)")),
            ],
            options={
                "verbose_name": "rejected message",
                "verbose_name_plural": "rejected messages",
                "ordering": ["-received_at"],
                "indexes": [models.Index(fields=["topic_device_id", "-received_at"], name="rejected_by_device")],
            },
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
                    func='INSERT INTO "mqtt_ingest_devicecommandevent" ("arguments", "cause", "command_id", "created_at", "device_id", "ended_at", "error", "expires_at", "given_by_id", "id", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "state") VALUES (NEW."arguments", NEW."cause", NEW."command_id", NEW."created_at", NEW."device_id", NEW."ended_at", NEW."error", NEW."expires_at", NEW."given_by_id", NEW."id", NEW."kind", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."reason", NEW."state"); RETURN NULL;',
                    hash="a052cd0c888aa780008bf83d645aacd6de155c02",
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
                    condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))',
                    func='INSERT INTO "mqtt_ingest_devicecommandevent" ("arguments", "cause", "command_id", "created_at", "device_id", "ended_at", "error", "expires_at", "given_by_id", "id", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "state") VALUES (NEW."arguments", NEW."cause", NEW."command_id", NEW."created_at", NEW."device_id", NEW."ended_at", NEW."error", NEW."expires_at", NEW."given_by_id", NEW."id", NEW."kind", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."reason", NEW."state"); RETURN NULL;',
                    hash="3a12b7ade5ae51c1dca72496b1d88d8a7095ab4c",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_6bdea",
                    table="mqtt_ingest_devicecommand",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="devicecommand",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "mqtt_ingest_devicecommandevent" ("arguments", "cause", "command_id", "created_at", "device_id", "ended_at", "error", "expires_at", "given_by_id", "id", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "state") VALUES (OLD."arguments", OLD."cause", OLD."command_id", OLD."created_at", OLD."device_id", OLD."ended_at", OLD."error", OLD."expires_at", OLD."given_by_id", OLD."id", OLD."kind", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."reason", OLD."state"); RETURN NULL;',
                    hash="98c6a65ebf2dd2ebbffe663808574767f4bb0bbf",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_4584b",
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
    ]
