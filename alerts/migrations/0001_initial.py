"""Rules of alarms, alarms and their events."""

import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


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
                ("changed_at", models.DateTimeField(auto_now=True)),
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
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alerts",
                        to="factories.factory",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="alerts", to="factories.organisation"
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="alerts",
                        to="alerts.alertrule",
                    ),
                ),
            ],
            options={"verbose_name": "alarm", "verbose_name_plural": "alarms", "ordering": ["-opened_at", "-pk"]},
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
                ("batch", models.UUIDField(db_index=True, null=True)),
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
                "constraints": [
                    models.CheckConstraint(
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
                    )
                ],
            },
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
    ]
