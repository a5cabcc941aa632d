"""Rules of alarms, alarms and their events."""

import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import alerts.notice_models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("devices", "0001_initial"),
        ("factories", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("co2_high", "CO2 high"),
                            ("co2_low", "CO2 low"),
                            ("temperature_high", "stack temperature high"),
                            ("temperature_low", "stack temperature low"),
                            ("flow_high", "gas velocity high"),
                            ("flow_low", "gas velocity low"),
                            ("sensor_silent", "sensor silent"),
                            ("sensor_over_range", "sensor over range"),
                            ("log_missing", "log missing at its deadline"),
                            ("stack_against_fuel", "stack and fuel log differ"),
                            ("efficiency_low", "much of the heat leaves by the chimney"),
                            ("calibration_ending", "calibration ending"),
                            ("hold_open", "readings wait for a decision"),
                            ("target_at_risk", "target at risk"),
                            ("report_due", "report due"),
                            ("device_alert", "alert from the device"),
                        ],
                        max_length=24,
                        verbose_name="kind",
                    ),
                ),
                ("detail", models.CharField(blank=True, default="", max_length=24)),
                (
                    "severity",
                    models.CharField(
                        choices=[("info", "for information"), ("warning", "warning"), ("critical", "critical")],
                        max_length=8,
                        verbose_name="severity",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("assigned", "assigned"),
                            ("acknowledged", "acknowledged"),
                            ("snoozed", "snoozed"),
                            ("closed", "closed"),
                        ],
                        default="open",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("began_at", models.DateTimeField(verbose_name="began")),
                ("opened_at", models.DateTimeField(verbose_name="opened")),
                ("value", models.FloatField(null=True, verbose_name="value")),
                ("limit", models.FloatField(null=True, verbose_name="limit")),
                ("params", models.JSONField(default=dict)),
                ("reopened_count", models.PositiveIntegerField(default=0, verbose_name="opened again")),
                ("acknowledged_at", models.DateTimeField(null=True, verbose_name="acknowledged")),
                (
                    "cause",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("wet_wood", "wet wood"),
                            ("damper", "damper or draught"),
                            ("false_air", "false air: a leak, or an open door"),
                            ("overload", "boiler overloaded"),
                            ("soot", "soot: cleaning is due"),
                            ("fan", "fan or motor"),
                            ("sensor", "sensor, probe or sample line"),
                            ("power", "power cut"),
                            ("network", "network"),
                            ("log", "log late or wrong"),
                            ("works", "planned work or a test"),
                            ("no_fault", "no fault: the limit is wrong"),
                            ("other", "another cause, see the comment"),
                        ],
                        default="",
                        max_length=12,
                        verbose_name="cause",
                    ),
                ),
                ("snoozed_until", models.DateTimeField(null=True, verbose_name="snoozed until")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed")),
                ("cleared_at", models.DateTimeField(null=True)),
                ("cost_kg_co2", models.DecimalField(decimal_places=3, max_digits=20, null=True, verbose_name="kg CO2")),
                ("cost_amount", models.DecimalField(decimal_places=2, max_digits=20, null=True, verbose_name="cost")),
                ("cost_currency", models.CharField(blank=True, default="", max_length=3)),
                (
                    "cost_basis",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("above_limit", "emitted above the limit"),
                            ("not_in_log", "in the stack and not in the log"),
                            ("good_fire", "that a good fire would not have emitted"),
                            ("not_measured", "emitted and not measured, at the site's usual rate"),
                        ],
                        default="",
                        max_length=12,
                    ),
                ),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="acknowledged by",
                    ),
                ),
                (
                    "assigned_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="assigned to",
                    ),
                ),
                (
                    "chimney",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alerts",
                        to="factories.chimney",
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alerts",
                        to="devices.mcudevice",
                    ),
                ),
                (
                    "factory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="alerts", to="factories.factory"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="alerts", to="factories.organisation"
                    ),
                ),
            ],
            options={"verbose_name": "alarm", "verbose_name_plural": "alarms", "ordering": ["-opened_at", "-pk"]},
        ),
        migrations.CreateModel(
            name="AlertEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_index=True, verbose_name="when")),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("opened", "opened"),
                            ("escalated", "escalated"),
                            ("acknowledged", "acknowledged"),
                            ("commented", "commented"),
                            ("assigned", "assigned"),
                            ("snoozed", "snoozed"),
                            ("woken", "snooze over"),
                            ("reopened", "opened again"),
                            ("closed", "closed"),
                        ],
                        max_length=12,
                        verbose_name="what",
                    ),
                ),
                ("text", models.CharField(blank=True, default="", max_length=500, verbose_name="text")),
                ("params", models.JSONField(default=dict)),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="alerts.alert"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "event of an alarm",
                "verbose_name_plural": "events of alarms",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Escalation",
            fields=[
                (
                    "alert",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="escalation",
                        serialize=False,
                        to="alerts.alert",
                    ),
                ),
                ("people", models.JSONField(default=list)),
                ("step", models.PositiveSmallIntegerField(default=0)),
                ("after_min", models.PositiveSmallIntegerField()),
                ("next_at", models.DateTimeField(db_index=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="EventClaim",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="claim",
                        serialize=False,
                        to="alerts.alertevent",
                    ),
                )
            ],
        ),
        migrations.CreateModel(
            name="AlertRule",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("co2_high", "CO2 high"),
                            ("co2_low", "CO2 low"),
                            ("temperature_high", "stack temperature high"),
                            ("temperature_low", "stack temperature low"),
                            ("flow_high", "gas velocity high"),
                            ("flow_low", "gas velocity low"),
                            ("sensor_silent", "sensor silent"),
                            ("sensor_over_range", "sensor over range"),
                            ("log_missing", "log missing at its deadline"),
                            ("stack_against_fuel", "stack and fuel log differ"),
                            ("efficiency_low", "much of the heat leaves by the chimney"),
                            ("calibration_ending", "calibration ending"),
                            ("hold_open", "readings wait for a decision"),
                            ("target_at_risk", "target at risk"),
                            ("report_due", "report due"),
                            ("device_alert", "alert from the device"),
                        ],
                        max_length=24,
                        verbose_name="kind",
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True, verbose_name="in use")),
                (
                    "severity",
                    models.CharField(
                        choices=[("info", "for information"), ("warning", "warning"), ("critical", "critical")],
                        max_length=8,
                        verbose_name="severity",
                    ),
                ),
                ("limit", models.FloatField(blank=True, null=True, verbose_name="limit")),
                (
                    "limit_basis",
                    models.CharField(
                        choices=[("fixed", "stated"), ("own_28_days", "from the site's own 28 days")],
                        default="fixed",
                        max_length=12,
                        verbose_name="limit from",
                    ),
                ),
                (
                    "hysteresis",
                    models.FloatField(
                        default=0.0,
                        help_text="in the unit of the limit",
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="back by",
                    ),
                ),
                (
                    "duration_s",
                    models.PositiveIntegerField(
                        validators=[django.core.validators.MaxValueValidator(1209600)], verbose_name="duration (s)"
                    ),
                ),
                ("from_hour", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="from (hour)")),
                ("to_hour", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="to (hour)")),
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
                    "factory",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alert_rules",
                        to="factories.factory",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alert_rules",
                        to="factories.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "rule of alarms",
                "verbose_name_plural": "rules of alarms",
                "ordering": ["organisation", "factory", "kind"],
            },
        ),
        migrations.AddField(
            model_name="alert",
            name="rule",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="alerts", to="alerts.alertrule"
            ),
        ),
        migrations.CreateModel(
            name="AlertRuleEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("co2_high", "CO2 high"),
                            ("co2_low", "CO2 low"),
                            ("temperature_high", "stack temperature high"),
                            ("temperature_low", "stack temperature low"),
                            ("flow_high", "gas velocity high"),
                            ("flow_low", "gas velocity low"),
                            ("sensor_silent", "sensor silent"),
                            ("sensor_over_range", "sensor over range"),
                            ("log_missing", "log missing at its deadline"),
                            ("stack_against_fuel", "stack and fuel log differ"),
                            ("efficiency_low", "much of the heat leaves by the chimney"),
                            ("calibration_ending", "calibration ending"),
                            ("hold_open", "readings wait for a decision"),
                            ("target_at_risk", "target at risk"),
                            ("report_due", "report due"),
                            ("device_alert", "alert from the device"),
                        ],
                        max_length=24,
                        verbose_name="kind",
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True, verbose_name="in use")),
                (
                    "severity",
                    models.CharField(
                        choices=[("info", "for information"), ("warning", "warning"), ("critical", "critical")],
                        max_length=8,
                        verbose_name="severity",
                    ),
                ),
                ("limit", models.FloatField(blank=True, null=True, verbose_name="limit")),
                (
                    "limit_basis",
                    models.CharField(
                        choices=[("fixed", "stated"), ("own_28_days", "from the site's own 28 days")],
                        default="fixed",
                        max_length=12,
                        verbose_name="limit from",
                    ),
                ),
                (
                    "hysteresis",
                    models.FloatField(
                        default=0.0,
                        help_text="in the unit of the limit",
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="back by",
                    ),
                ),
                (
                    "duration_s",
                    models.PositiveIntegerField(
                        validators=[django.core.validators.MaxValueValidator(1209600)], verbose_name="duration (s)"
                    ),
                ),
                ("from_hour", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="from (hour)")),
                ("to_hour", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="to (hour)")),
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
                    "factory",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="factories.factory",
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
                        to="alerts.alertrule",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="Channel",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("email", "E-mail"),
                            ("sms", "SMS"),
                            ("whatsapp", "WhatsApp"),
                            ("telegram", "Telegram"),
                            ("slack", "Slack"),
                            ("teams", "Microsoft Teams"),
                            ("webhook", "Webhook"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("sealed_fields", models.TextField(editable=False)),
                ("label", models.CharField(max_length=80)),
                (
                    "least_severity",
                    models.CharField(
                        choices=[("info", "for information"), ("warning", "warning"), ("critical", "critical")],
                        default="info",
                        max_length=8,
                        verbose_name="from",
                    ),
                ),
                ("code_sha256", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("code_sent_at", models.DateTimeField(null=True)),
                ("wrong_codes", models.PositiveSmallIntegerField(default=0)),
                ("proven_at", models.DateTimeField(null=True, verbose_name="proven")),
                ("failures", models.PositiveIntegerField(default=0)),
                ("switched_off_at", models.DateTimeField(null=True)),
                ("busy_until", models.DateTimeField(null=True)),
                ("last_sent_at", models.DateTimeField(null=True, verbose_name="last used")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="channels",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "channel", "verbose_name_plural": "channels", "ordering": ["pk"]},
        ),
        migrations.CreateModel(
            name="ChannelEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("email", "E-mail"),
                            ("sms", "SMS"),
                            ("whatsapp", "WhatsApp"),
                            ("telegram", "Telegram"),
                            ("slack", "Slack"),
                            ("teams", "Microsoft Teams"),
                            ("webhook", "Webhook"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("label", models.CharField(max_length=80)),
                (
                    "least_severity",
                    models.CharField(
                        choices=[("info", "for information"), ("warning", "warning"), ("critical", "critical")],
                        default="info",
                        max_length=8,
                        verbose_name="from",
                    ),
                ),
                ("code_sent_at", models.DateTimeField(null=True)),
                ("proven_at", models.DateTimeField(null=True, verbose_name="proven")),
                ("switched_off_at", models.DateTimeField(null=True)),
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
                        to="alerts.channel",
                    ),
                ),
                (
                    "user",
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
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("identity", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("alarm", "alarm"),
                            ("over", "alarm is over"),
                            ("proof", "code of a new channel"),
                            ("brief", "brief at 06:00"),
                        ],
                        max_length=8,
                    ),
                ),
                ("brief_on", models.DateField(null=True)),
                (
                    "channel_kind",
                    models.CharField(
                        choices=[
                            ("email", "E-mail"),
                            ("sms", "SMS"),
                            ("whatsapp", "WhatsApp"),
                            ("telegram", "Telegram"),
                            ("slack", "Slack"),
                            ("teams", "Microsoft Teams"),
                            ("webhook", "Webhook"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("sent", "sent"),
                            ("failed", "failed"),
                            ("suppressed", "not sent"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "suppressed_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("cap", "the cap of this month is reached"),
                            ("over", "the alarm was over or taken before it was due"),
                            ("no_right", "the person may not see the site any more"),
                            ("no_gateway", "the organisation has no gateway for it"),
                            ("switched", "the channel was removed or switched off"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                ("error", models.CharField(blank=True, default="", max_length=300, verbose_name="error")),
                ("message", models.UUIDField(db_index=True, null=True)),
                ("cost_amount", models.DecimalField(decimal_places=4, max_digits=10, null=True, verbose_name="cost")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made")),
                ("done_at", models.DateTimeField(null=True, verbose_name="done")),
                (
                    "channel",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deliveries",
                        to="alerts.channel",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="alerts.alertevent",
                    ),
                ),
                (
                    "factory",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="factories.factory"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="factories.organisation",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"verbose_name": "notice", "verbose_name_plural": "notices", "ordering": ["-pk"]},
        ),
        migrations.CreateModel(
            name="Gateway",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("africas_talking", "Africa's Talking"),
                            ("twilio", "Twilio"),
                            ("vonage", "Vonage"),
                            ("whatsapp_cloud", "WhatsApp Business (Cloud API)"),
                            ("telegram_bot", "Telegram bot"),
                        ],
                        max_length=16,
                        verbose_name="service",
                    ),
                ),
                (
                    "carries",
                    models.CharField(
                        choices=[
                            ("email", "E-mail"),
                            ("sms", "SMS"),
                            ("whatsapp", "WhatsApp"),
                            ("telegram", "Telegram"),
                            ("slack", "Slack"),
                            ("teams", "Microsoft Teams"),
                            ("webhook", "Webhook"),
                        ],
                        max_length=8,
                    ),
                ),
                ("sealed_fields", models.TextField(editable=False)),
                ("label", models.CharField(max_length=80)),
                (
                    "cost_per_message",
                    models.DecimalField(
                        decimal_places=4,
                        default=0,
                        max_digits=10,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="cost of a message",
                    ),
                ),
                (
                    "monthly_cap",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=12,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="cap a month",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gateways",
                        to="factories.organisation",
                    ),
                ),
            ],
            options={"verbose_name": "gateway", "verbose_name_plural": "gateways"},
        ),
        migrations.CreateModel(
            name="GatewayEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("africas_talking", "Africa's Talking"),
                            ("twilio", "Twilio"),
                            ("vonage", "Vonage"),
                            ("whatsapp_cloud", "WhatsApp Business (Cloud API)"),
                            ("telegram_bot", "Telegram bot"),
                        ],
                        max_length=16,
                        verbose_name="service",
                    ),
                ),
                (
                    "carries",
                    models.CharField(
                        choices=[
                            ("email", "E-mail"),
                            ("sms", "SMS"),
                            ("whatsapp", "WhatsApp"),
                            ("telegram", "Telegram"),
                            ("slack", "Slack"),
                            ("teams", "Microsoft Teams"),
                            ("webhook", "Webhook"),
                        ],
                        max_length=8,
                    ),
                ),
                ("label", models.CharField(max_length=80)),
                (
                    "cost_per_message",
                    models.DecimalField(
                        decimal_places=4,
                        default=0,
                        max_digits=10,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="cost of a message",
                    ),
                ),
                (
                    "monthly_cap",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=12,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="cap a month",
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
                        to="alerts.gateway",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="NoticeSettings",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quiet_from", models.TimeField(blank=True, null=True, verbose_name="quiet from")),
                ("quiet_to", models.TimeField(blank=True, null=True, verbose_name="quiet to")),
                (
                    "hears_all",
                    models.BooleanField(default=False, verbose_name="every alarm of my sites, not only on duty"),
                ),
                ("wants_brief", models.BooleanField(default=False, verbose_name="the morning brief at 06:00")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notice_settings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "settings of notices", "verbose_name_plural": "settings of notices"},
        ),
        migrations.CreateModel(
            name="NoticeSettingsEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("quiet_from", models.TimeField(blank=True, null=True, verbose_name="quiet from")),
                ("quiet_to", models.TimeField(blank=True, null=True, verbose_name="quiet to")),
                (
                    "hears_all",
                    models.BooleanField(default=False, verbose_name="every alarm of my sites, not only on duty"),
                ),
                ("wants_brief", models.BooleanField(default=False, verbose_name="the morning brief at 06:00")),
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
                        to="alerts.noticesettings",
                    ),
                ),
                (
                    "user",
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
        migrations.CreateModel(
            name="RosterPlace",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveSmallIntegerField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "place in a shift",
                "verbose_name_plural": "places in shifts",
                "ordering": ["place"],
            },
        ),
        migrations.CreateModel(
            name="RosterShift",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                (
                    "weekdays",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        default=alerts.notice_models._every_day,
                        size=None,
                        verbose_name="days",
                    ),
                ),
                ("begins", models.TimeField(verbose_name="begins")),
                ("ends", models.TimeField(verbose_name="ends")),
                (
                    "escalate_after_min",
                    models.PositiveSmallIntegerField(
                        default=15,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                        verbose_name="next person after (minutes)",
                    ),
                ),
                (
                    "factory",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shifts",
                        to="factories.factory",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="shifts", to="factories.organisation"
                    ),
                ),
            ],
            options={
                "verbose_name": "shift",
                "verbose_name_plural": "shifts",
                "ordering": ["organisation", "factory", "begins", "pk"],
            },
        ),
        migrations.CreateModel(
            name="RosterPlaceEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("place", models.PositiveSmallIntegerField()),
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
                        to="alerts.rosterplace",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "shift",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="alerts.rostershift",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.AddField(
            model_name="rosterplace",
            name="shift",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="places", to="alerts.rostershift"
            ),
        ),
        migrations.CreateModel(
            name="RosterShiftEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                (
                    "weekdays",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        default=alerts.notice_models._every_day,
                        size=None,
                        verbose_name="days",
                    ),
                ),
                ("begins", models.TimeField(verbose_name="begins")),
                ("ends", models.TimeField(verbose_name="ends")),
                (
                    "escalate_after_min",
                    models.PositiveSmallIntegerField(
                        default=15,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                        verbose_name="next person after (minutes)",
                    ),
                ),
                (
                    "factory",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="factories.factory",
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
                        to="alerts.rostershift",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.AddConstraint(
            model_name="alertevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "act__in",
                        [
                            "opened",
                            "escalated",
                            "acknowledged",
                            "commented",
                            "assigned",
                            "snoozed",
                            "woken",
                            "reopened",
                            "closed",
                        ],
                    )
                ),
                name="alert_event_known_act",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alertevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="44ce9788e4466699ee1f7e8a08cf1ef4e6786f62",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_2fa35",
                    table="alerts_alertevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="alertrule",
            constraint=models.UniqueConstraint(
                fields=("organisation", "factory", "kind"), name="alert_rule_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="alertrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "co2_high",
                            "co2_low",
                            "temperature_high",
                            "temperature_low",
                            "flow_high",
                            "flow_low",
                            "sensor_silent",
                            "sensor_over_range",
                            "log_missing",
                            "stack_against_fuel",
                            "efficiency_low",
                            "calibration_ending",
                            "hold_open",
                            "target_at_risk",
                            "report_due",
                            "device_alert",
                        ],
                    )
                ),
                name="alert_rule_known_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="alertrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", ["info", "warning", "critical"])), name="alert_rule_known_severity"
            ),
        ),
        migrations.AddConstraint(
            model_name="alertrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("duration_s__lte", 1209600), ("hysteresis__gte", 0)), name="alert_rule_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="alertrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("from_hour__isnull", True), ("to_hour__isnull", True)),
                    models.Q(
                        ("from_hour__isnull", False),
                        ("from_hour__lte", 23),
                        ("to_hour__isnull", False),
                        ("to_hour__lte", 23),
                        models.Q(("from_hour", models.F("to_hour")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="alert_rule_hours",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alertrule",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_alertruleevent" ("changed_at", "changed_by_id", "duration_s", "factory_id", "from_hour", "hysteresis", "id", "is_enabled", "kind", "limit", "limit_basis", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity", "to_hour") VALUES (NEW."changed_at", NEW."changed_by_id", NEW."duration_s", NEW."factory_id", NEW."from_hour", NEW."hysteresis", NEW."id", NEW."is_enabled", NEW."kind", NEW."limit", NEW."limit_basis", NEW."organisation_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."severity", NEW."to_hour"); RETURN NULL;',
                    hash="4fa1db76a122b462258bd4238d55dff3115f8063",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_18c43",
                    table="alerts_alertrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alertrule",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "alerts_alertruleevent" ("changed_at", "changed_by_id", "duration_s", "factory_id", "from_hour", "hysteresis", "id", "is_enabled", "kind", "limit", "limit_basis", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity", "to_hour") VALUES (NEW."changed_at", NEW."changed_by_id", NEW."duration_s", NEW."factory_id", NEW."from_hour", NEW."hysteresis", NEW."id", NEW."is_enabled", NEW."kind", NEW."limit", NEW."limit_basis", NEW."organisation_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."severity", NEW."to_hour"); RETURN NULL;',
                    hash="0c68b07bbf08d75074f83af7eb8d2b598d2a129b",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_f9ed8",
                    table="alerts_alertrule",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alertrule",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_alertruleevent" ("changed_at", "changed_by_id", "duration_s", "factory_id", "from_hour", "hysteresis", "id", "is_enabled", "kind", "limit", "limit_basis", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity", "to_hour") VALUES (OLD."changed_at", OLD."changed_by_id", OLD."duration_s", OLD."factory_id", OLD."from_hour", OLD."hysteresis", OLD."id", OLD."is_enabled", OLD."kind", OLD."limit", OLD."limit_basis", OLD."organisation_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."severity", OLD."to_hour"); RETURN NULL;',
                    hash="60505e82c4c936e4b92a3a64d3ce53411368abd0",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_3415c",
                    table="alerts_alertrule",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="alert", index=models.Index(fields=["factory", "-opened_at"], name="alert_by_factory")
        ),
        migrations.AddIndex(
            model_name="alert", index=models.Index(fields=["organisation", "-opened_at"], name="alert_by_organisation")
        ),
        migrations.AddIndex(
            model_name="alert", index=models.Index(fields=["kind", "-closed_at"], name="alert_by_kind_closed")
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True), ("cleared_at__isnull", True), _connector="OR"),
                fields=["kind"],
                name="alert_still_so",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at__isnull", True)),
                fields=("organisation", "factory", "kind", "detail", "device", "chimney"),
                name="alert_open_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "co2_high",
                            "co2_low",
                            "temperature_high",
                            "temperature_low",
                            "flow_high",
                            "flow_low",
                            "sensor_silent",
                            "sensor_over_range",
                            "log_missing",
                            "stack_against_fuel",
                            "efficiency_low",
                            "calibration_ending",
                            "hold_open",
                            "target_at_risk",
                            "report_due",
                            "device_alert",
                        ],
                    )
                ),
                name="alert_known_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", ["info", "warning", "critical"])), name="alert_known_severity"
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "cause__in",
                        [
                            "",
                            "wet_wood",
                            "damper",
                            "false_air",
                            "overload",
                            "soot",
                            "fan",
                            "sensor",
                            "power",
                            "network",
                            "log",
                            "works",
                            "no_fault",
                            "other",
                        ],
                    )
                ),
                name="alert_known_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", False), ("state", "closed")),
                    models.Q(
                        ("closed_at__isnull", True), ("state__in", ["open", "assigned", "acknowledged", "snoozed"])
                    ),
                    _connector="OR",
                ),
                name="alert_closed_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "acknowledged"), _negated=True),
                    ("acknowledged_at__isnull", False),
                    _connector="OR",
                ),
                name="alert_acknowledged_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "snoozed"), _negated=True), ("snoozed_until__isnull", False), _connector="OR"
                ),
                name="alert_snoozed_has_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("acknowledged_at__isnull", True), ("acknowledged_by__isnull", True)),
                    models.Q(("acknowledged_at__isnull", False), ("acknowledged_by__isnull", False)),
                    _connector="OR",
                ),
                name="alert_acknowledged_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cost_amount__isnull", True), models.Q(("cost_currency", ""), _negated=True), _connector="OR"
                ),
                name="alert_cost_has_a_currency",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alertruleevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="246d29fd7bfc4f2ef23d34242ff206403b7a05b5",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_d2a85",
                    table="alerts_alertruleevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="channel",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_channelevent" ("code_sent_at", "id", "kind", "label", "least_severity", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "proven_at", "switched_off_at", "user_id") VALUES (NEW."code_sent_at", NEW."id", NEW."kind", NEW."label", NEW."least_severity", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."proven_at", NEW."switched_off_at", NEW."user_id"); RETURN NULL;',
                    hash="1eaf59b4cf856e7a1d224817b29b490e2d04922b",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_e91c3",
                    table="alerts_channel",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="channel",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."label" IS DISTINCT FROM (NEW."label") OR OLD."least_severity" IS DISTINCT FROM (NEW."least_severity") OR OLD."proven_at" IS DISTINCT FROM (NEW."proven_at") OR OLD."switched_off_at" IS DISTINCT FROM (NEW."switched_off_at"))',
                    func='INSERT INTO "alerts_channelevent" ("code_sent_at", "id", "kind", "label", "least_severity", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "proven_at", "switched_off_at", "user_id") VALUES (NEW."code_sent_at", NEW."id", NEW."kind", NEW."label", NEW."least_severity", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."proven_at", NEW."switched_off_at", NEW."user_id"); RETURN NULL;',
                    hash="079627e80623904bf62078a0f107c3ed65686692",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_f798d",
                    table="alerts_channel",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="channel",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_channelevent" ("code_sent_at", "id", "kind", "label", "least_severity", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "proven_at", "switched_off_at", "user_id") VALUES (OLD."code_sent_at", OLD."id", OLD."kind", OLD."label", OLD."least_severity", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."proven_at", OLD."switched_off_at", OLD."user_id"); RETURN NULL;',
                    hash="b4fbc0f28aa1c32cc32ec20b42b4e3e964421458",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_8f02b",
                    table="alerts_channel",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="channelevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a1ab01e99ed89fc7f5832564bab7eec1af89a57f",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_9983b",
                    table="alerts_channelevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["channel", "due_at"], name="notice_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["organisation", "-created_at"], name="notice_by_organisation"),
        ),
        migrations.AddIndex(
            model_name="delivery", index=models.Index(fields=["user", "-created_at"], name="notice_by_user")
        ),
        migrations.AddIndex(
            model_name="delivery", index=models.Index(fields=["state", "done_at"], name="notice_by_state")
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("event", "channel"), name="notice_once_for_each_event_and_channel"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("user", "brief_on"), name="notice_one_brief_a_day"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "sent", "failed", "suppressed"])),
                name="notice_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at__isnull", True), ("state", "waiting")),
                    models.Q(models.Q(("state", "waiting"), _negated=True), ("done_at__isnull", False)),
                    _connector="OR",
                ),
                name="notice_done_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "suppressed"), models.Q(("suppressed_by", ""), _negated=True)),
                    models.Q(models.Q(("state", "suppressed"), _negated=True), ("suppressed_by", "")),
                    _connector="OR",
                ),
                name="notice_suppressed_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="gateway",
            constraint=models.UniqueConstraint(
                fields=("organisation", "carries"), name="gateway_once_for_each_channel"
            ),
        ),
        migrations.AddConstraint(
            model_name="gateway",
            constraint=models.CheckConstraint(
                condition=models.Q(("cost_per_message__gte", 0)), name="gateway_cost_not_negative"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gateway",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_gatewayevent" ("carries", "cost_per_message", "id", "kind", "label", "monthly_cap", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."carries", NEW."cost_per_message", NEW."id", NEW."kind", NEW."label", NEW."monthly_cap", NEW."organisation_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id"); RETURN NULL;',
                    hash="1baafc8a7d758ba0faefd63747a08d00b62d362e",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_2a5f4",
                    table="alerts_gateway",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gateway",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."carries" IS DISTINCT FROM (NEW."carries") OR OLD."cost_per_message" IS DISTINCT FROM (NEW."cost_per_message") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."label" IS DISTINCT FROM (NEW."label") OR OLD."monthly_cap" IS DISTINCT FROM (NEW."monthly_cap") OR OLD."organisation_id" IS DISTINCT FROM (NEW."organisation_id"))',
                    func='INSERT INTO "alerts_gatewayevent" ("carries", "cost_per_message", "id", "kind", "label", "monthly_cap", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."carries", NEW."cost_per_message", NEW."id", NEW."kind", NEW."label", NEW."monthly_cap", NEW."organisation_id", _pgh_attach_context(), NOW(), \'update\', NEW."id"); RETURN NULL;',
                    hash="4e9fe28b007e9ff13a29265cfadde3e2f54d61f2",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_0767e",
                    table="alerts_gateway",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gateway",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_gatewayevent" ("carries", "cost_per_message", "id", "kind", "label", "monthly_cap", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."carries", OLD."cost_per_message", OLD."id", OLD."kind", OLD."label", OLD."monthly_cap", OLD."organisation_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id"); RETURN NULL;',
                    hash="89fae7d5dd396d582635db7be364e54277017e44",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_75280",
                    table="alerts_gateway",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="gatewayevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="4aa99c580a337526b39586e46b3cfa8249f116ed",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_6a5fb",
                    table="alerts_gatewayevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="noticesettings",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("quiet_from__isnull", True), ("quiet_to__isnull", True)),
                    models.Q(
                        ("quiet_from__isnull", False),
                        ("quiet_to__isnull", False),
                        models.Q(("quiet_from", models.F("quiet_to")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="notice_settings_quiet_from_and_to",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="noticesettings",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_noticesettingsevent" ("hears_all", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quiet_from", "quiet_to", "user_id", "wants_brief") VALUES (NEW."hears_all", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."quiet_from", NEW."quiet_to", NEW."user_id", NEW."wants_brief"); RETURN NULL;',
                    hash="8d102b284935fc6ae3c8dc620f99c5d68b80197b",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_1df97",
                    table="alerts_noticesettings",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="noticesettings",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "alerts_noticesettingsevent" ("hears_all", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quiet_from", "quiet_to", "user_id", "wants_brief") VALUES (NEW."hears_all", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."quiet_from", NEW."quiet_to", NEW."user_id", NEW."wants_brief"); RETURN NULL;',
                    hash="5c03af769ed6adefe7e035c5bec63f2e3b269b10",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_1d6a1",
                    table="alerts_noticesettings",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="noticesettings",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_noticesettingsevent" ("hears_all", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quiet_from", "quiet_to", "user_id", "wants_brief") VALUES (OLD."hears_all", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."quiet_from", OLD."quiet_to", OLD."user_id", OLD."wants_brief"); RETURN NULL;',
                    hash="01d745466d530c71b21bbd7e3e835fd8133ee79b",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_9f535",
                    table="alerts_noticesettings",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="noticesettingsevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="9e711c441d151046078187f779a2751b26375df2",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_e6eea",
                    table="alerts_noticesettingsevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="rostershift",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekdays__contained_by", [1, 2, 3, 4, 5, 6, 7]), ("weekdays__len__gte", 1)),
                name="shift_known_weekdays",
            ),
        ),
        migrations.AddConstraint(
            model_name="rostershift",
            constraint=models.CheckConstraint(
                condition=models.Q(("escalate_after_min__gte", 1), ("escalate_after_min__lte", 1440)),
                name="shift_escalates_in_a_day",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rostershift",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_rostershiftevent" ("begins", "ends", "escalate_after_min", "factory_id", "id", "name", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "weekdays") VALUES (NEW."begins", NEW."ends", NEW."escalate_after_min", NEW."factory_id", NEW."id", NEW."name", NEW."organisation_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."weekdays"); RETURN NULL;',
                    hash="d24b832291f1a2f3a5242cb912a33e7998d832e3",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_5c254",
                    table="alerts_rostershift",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rostershift",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "alerts_rostershiftevent" ("begins", "ends", "escalate_after_min", "factory_id", "id", "name", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "weekdays") VALUES (NEW."begins", NEW."ends", NEW."escalate_after_min", NEW."factory_id", NEW."id", NEW."name", NEW."organisation_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."weekdays"); RETURN NULL;',
                    hash="cc2320959d6cd75ac30a0a95687fac6f65da1c4a",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_b002e",
                    table="alerts_rostershift",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rostershift",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_rostershiftevent" ("begins", "ends", "escalate_after_min", "factory_id", "id", "name", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "weekdays") VALUES (OLD."begins", OLD."ends", OLD."escalate_after_min", OLD."factory_id", OLD."id", OLD."name", OLD."organisation_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."weekdays"); RETURN NULL;',
                    hash="8fabb0f05ec600d18a997d4e172821d5be754f52",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_25b71",
                    table="alerts_rostershift",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rosterplaceevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="9328158798c3c0b197ee12d4c38bddd6d043bef7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_319e8",
                    table="alerts_rosterplaceevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="rosterplace",
            constraint=models.UniqueConstraint(fields=("shift", "place"), name="shift_place_once"),
        ),
        migrations.AddConstraint(
            model_name="rosterplace",
            constraint=models.UniqueConstraint(fields=("shift", "user"), name="shift_person_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rosterplace",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_rosterplaceevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "shift_id", "user_id") VALUES (NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."place", NEW."shift_id", NEW."user_id"); RETURN NULL;',
                    hash="64ab7e514e328c7d2056864fa04a2dd85d6c0c28",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_5c403",
                    table="alerts_rosterplace",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rosterplace",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "alerts_rosterplaceevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "shift_id", "user_id") VALUES (NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."place", NEW."shift_id", NEW."user_id"); RETURN NULL;',
                    hash="883c7d2e650c4b3693bfe78c54e37dce45f828ea",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_ddd50",
                    table="alerts_rosterplace",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rosterplace",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_rosterplaceevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "shift_id", "user_id") VALUES (OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."place", OLD."shift_id", OLD."user_id"); RETURN NULL;',
                    hash="b229ec74cfd2089d2d8103b8c5ac35cbf11cba30",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_70660",
                    table="alerts_rosterplace",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rostershiftevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="07328cb36ecce5edc43e79e1dde69c1813698705",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_d9d7a",
                    table="alerts_rostershiftevent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
