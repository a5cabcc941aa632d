"""Site days, targets, and the triggers that mark which days change."""

from decimal import Decimal
from pathlib import Path

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("production", "0001_initial"),
        ("energy", "0001_initial"),
        ("emissions", "0001_initial"),
        ("devices", "0001_initial"),
        ("factories", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        migrations.swappable_dependency(settings.KNOX_TOKEN_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RecordedSite",
            fields=[
                (
                    "factory",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="factories.factory",
                    ),
                ),
                ("until", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name": "recorded site", "verbose_name_plural": "recorded sites"},
        ),
        migrations.CreateModel(
            name="Target",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=120, verbose_name="name")),
                (
                    "scope",
                    models.CharField(
                        choices=[("1+2", "scopes 1 and 2"), ("1", "scope 1"), ("2", "scope 2")],
                        default="1+2",
                        max_length=4,
                        verbose_name="scope",
                    ),
                ),
                (
                    "metric",
                    models.CharField(
                        choices=[("absolute_t", "tonnes a year"), ("intensity", "per product")],
                        max_length=10,
                        verbose_name="metric",
                    ),
                ),
                ("unit", models.CharField(max_length=20, verbose_name="unit")),
                ("base_year", models.PositiveSmallIntegerField(verbose_name="base year")),
                ("base_value", models.DecimalField(decimal_places=6, max_digits=20, verbose_name="base value")),
                ("target_year", models.PositiveSmallIntegerField(verbose_name="target year")),
                ("target_value", models.DecimalField(decimal_places=6, max_digits=20, verbose_name="target value")),
                (
                    "path",
                    models.CharField(
                        choices=[("linear", "a straight line")], default="linear", max_length=8, verbose_name="path"
                    ),
                ),
                (
                    "gwp_set",
                    models.CharField(
                        choices=[("AR4", "AR4"), ("AR5", "AR5"), ("AR6", "AR6")], max_length=4, verbose_name="GWP set"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("in_force", "in force"), ("ended", "ended")],
                        default="in_force",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "change_reason",
                    models.CharField(blank=True, max_length=300, verbose_name="reason of the last change"),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "factory",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="targets",
                        to="factories.factory",
                        verbose_name="factory",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="targets",
                        to="factories.organisation",
                        verbose_name="organisation",
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
            ],
            options={
                "verbose_name": "target",
                "verbose_name_plural": "targets",
                "ordering": ["organisation", "factory", "id"],
            },
        ),
        migrations.CreateModel(
            name="TargetEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("name", models.CharField(blank=True, max_length=120, verbose_name="name")),
                (
                    "scope",
                    models.CharField(
                        choices=[("1+2", "scopes 1 and 2"), ("1", "scope 1"), ("2", "scope 2")],
                        default="1+2",
                        max_length=4,
                        verbose_name="scope",
                    ),
                ),
                (
                    "metric",
                    models.CharField(
                        choices=[("absolute_t", "tonnes a year"), ("intensity", "per product")],
                        max_length=10,
                        verbose_name="metric",
                    ),
                ),
                ("unit", models.CharField(max_length=20, verbose_name="unit")),
                ("base_year", models.PositiveSmallIntegerField(verbose_name="base year")),
                ("base_value", models.DecimalField(decimal_places=6, max_digits=20, verbose_name="base value")),
                ("target_year", models.PositiveSmallIntegerField(verbose_name="target year")),
                ("target_value", models.DecimalField(decimal_places=6, max_digits=20, verbose_name="target value")),
                (
                    "path",
                    models.CharField(
                        choices=[("linear", "a straight line")], default="linear", max_length=8, verbose_name="path"
                    ),
                ),
                (
                    "gwp_set",
                    models.CharField(
                        choices=[("AR4", "AR4"), ("AR5", "AR5"), ("AR6", "AR6")], max_length=4, verbose_name="GWP set"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("in_force", "in force"), ("ended", "ended")],
                        default="in_force",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "change_reason",
                    models.CharField(blank=True, max_length=300, verbose_name="reason of the last change"),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
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
                        verbose_name="factory",
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
                        verbose_name="organisation",
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
                        to="compliance.target",
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
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="TouchedSite",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "factory",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="factories.factory",
                    ),
                ),
            ],
            options={"verbose_name": "touched site", "verbose_name_plural": "touched sites"},
        ),
        migrations.CreateModel(
            name="TypingNote",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(verbose_name="month")),
                ("item", models.CharField(max_length=90, verbose_name="entries of")),
                ("pattern", models.CharField(max_length=12, verbose_name="pattern")),
                ("note", models.CharField(max_length=300, verbose_name="note")),
                ("noted_at", models.DateTimeField(verbose_name="when")),
                (
                    "factory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="typing_notes", to="factories.factory"
                    ),
                ),
                (
                    "noted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "note on a hint",
                "verbose_name_plural": "notes on hints",
                "ordering": ["-month", "id"],
            },
        ),
        migrations.CreateModel(
            name="TypingNoteEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("month", models.DateField(verbose_name="month")),
                ("item", models.CharField(max_length=90, verbose_name="entries of")),
                ("pattern", models.CharField(max_length=12, verbose_name="pattern")),
                ("note", models.CharField(max_length=300, verbose_name="note")),
                ("noted_at", models.DateTimeField(verbose_name="when")),
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
                    "noted_by",
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
                        to="compliance.typingnote",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="SiteDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "factory", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("made_kg", models.DecimalField(blank=True, decimal_places=6, max_digits=26, null=True)),
                ("green_leaf_kg", models.DecimalField(blank=True, decimal_places=6, max_digits=26, null=True)),
                ("production_covered_s", models.IntegerField(default=0)),
                ("has_production", models.BooleanField(default=False)),
                ("production_entered_at", models.DateTimeField(null=True)),
                ("heat_covered_s", models.IntegerField(default=0)),
                ("electricity_covered_s", models.IntegerField(default=0)),
                ("has_heat", models.BooleanField(default=False)),
                ("has_electricity", models.BooleanField(default=False)),
                ("heat_entered_at", models.DateTimeField(null=True)),
                ("electricity_entered_at", models.DateTimeField(null=True)),
                ("other_entered_at", models.DateTimeField(null=True)),
                ("firewood_kg", models.DecimalField(blank=True, decimal_places=6, max_digits=26, null=True)),
                ("electricity_kwh", models.DecimalField(blank=True, decimal_places=6, max_digits=26, null=True)),
                ("heat_gj", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=26)),
                ("electricity_gj", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=26)),
                ("other_gj", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=26)),
                ("has_all_energy", models.BooleanField(default=True)),
                ("heat_scope1_co2e_kg", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=26)),
                ("other_scope1_co2e_kg", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=26)),
                ("methane_co2e_kg", models.DecimalField(blank=True, decimal_places=6, max_digits=26, null=True)),
                ("scope2_co2e_kg", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=26)),
                ("electricity_co2e_kg", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=26)),
                ("market_gj", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=26)),
                ("market_co2e_kg", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=26)),
                ("biogenic_co2_kg", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=26)),
                ("heat_carbon_co2_kg", models.DecimalField(blank=True, decimal_places=6, max_digits=26, null=True)),
                ("fuel_fossil_co2_kg", models.DecimalField(blank=True, decimal_places=6, max_digits=26, null=True)),
                ("gwp_set", models.CharField(blank=True, max_length=8)),
                ("published_gwp_set", models.CharField(blank=True, max_length=8)),
                ("scope2_basis", models.CharField(blank=True, max_length=10)),
                ("chimneys", models.SmallIntegerField(default=0)),
                ("stack_h", models.SmallIntegerField(default=0)),
                ("stack_measured_h", models.SmallIntegerField(default=0)),
                ("stack_idle_h", models.SmallIntegerField(default=0)),
                ("is_idle", models.BooleanField(default=False)),
                ("stack_substituted_h", models.SmallIntegerField(default=0)),
                ("stack_covered_s", models.IntegerField(default=0)),
                ("stack_co2_kg", models.DecimalField(blank=True, decimal_places=6, max_digits=26, null=True)),
                ("stack_filled_co2_kg", models.DecimalField(blank=True, decimal_places=6, max_digits=26, null=True)),
                ("is_stack_lower_bound", models.BooleanField(default=False)),
                (
                    "basis",
                    models.CharField(
                        blank=True,
                        choices=[("measured", "measured in the stacks"), ("fuel", "from the fuel logged")],
                        max_length=8,
                    ),
                ),
                ("heat_co2_kg", models.DecimalField(blank=True, decimal_places=6, max_digits=26, null=True)),
                ("record_scope1_co2e_kg", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=26)),
                ("record_biogenic_co2_kg", models.DecimalField(decimal_places=6, default=Decimal("0"), max_digits=26)),
                ("heat_sigma_kg", models.FloatField(default=0)),
                ("scope1_sigma_kg", models.FloatField(default=0)),
                ("scope2_sigma_kg", models.FloatField(default=0)),
                ("biogenic_sigma_kg", models.FloatField(default=0)),
                ("stack_sigma_kg", models.FloatField(default=0)),
                ("fuel_sigma_kg", models.FloatField(default=0)),
                ("filling_bias_kg", models.FloatField(default=0)),
                ("filling_variance_kg2", models.FloatField(default=0)),
                ("refreshed_at", models.DateTimeField()),
                (
                    "factory",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="site_days",
                        to="factories.factory",
                    ),
                ),
            ],
            options={
                "verbose_name": "site day",
                "verbose_name_plural": "site days",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("starts_at__lt", models.F("ends_at"))), name="site_day_forward"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("basis__in", ["", "measured", "fuel"])), name="site_day_known_basis"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SiteSheet",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("cancelled", "cancelled"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("done_count", models.PositiveIntegerField(default=0)),
                ("total_count", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("started_at", models.DateTimeField(null=True)),
                ("alive_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("path", models.CharField(max_length=100)),
                ("is_dry_run", models.BooleanField()),
                ("language", models.CharField(max_length=10)),
                ("content", models.BinaryField(null=True)),
                ("status_code", models.PositiveSmallIntegerField(null=True)),
                ("answer", models.JSONField(null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="factories.organisation"
                    ),
                ),
                (
                    "token",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.KNOX_TOKEN_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "sheet of sites",
                "verbose_name_plural": "sheets of sites",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "running", "done", "cancelled", "failed"])),
                        name="sitesheet_known_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state__in", ("waiting", "running"))),
                            models.Q(
                                models.Q(("state__in", ("waiting", "running")), _negated=True),
                                ("finished_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="sitesheet_over_has_a_time",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("waiting", "running"))),
                        fields=("user",),
                        name="one_site_sheet_at_a_time",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("base_year__gte", 1990), ("base_year__lt", models.F("target_year")), ("target_year__lte", 2100)
                ),
                name="target_years_forward",
            ),
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.CheckConstraint(
                condition=models.Q(("base_value__gt", 0), ("target_value__gte", 0)), name="target_values_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.CheckConstraint(
                condition=models.Q(("metric__in", ["absolute_t", "intensity"])), name="target_known_metric"
            ),
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.CheckConstraint(
                condition=models.Q(("scope__in", ["1+2", "1", "2"])), name="target_known_scope"
            ),
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("status", "in_force")),
                    models.Q(
                        ("ended_at__isnull", False), ("status", "ended"), models.Q(("change_reason", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="target_end_has_time_and_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "in_force")),
                fields=("organisation", "factory", "metric", "scope"),
                name="target_one_in_force",
                nulls_distinct=False,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="target",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_targetevent" ("base_value", "base_year", "change_reason", "changed_at", "created_at", "ended_at", "factory_id", "gwp_set", "id", "metric", "name", "organisation_id", "path", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scope", "set_by_id", "status", "target_value", "target_year", "unit") VALUES (NEW."base_value", NEW."base_year", NEW."change_reason", NEW."changed_at", NEW."created_at", NEW."ended_at", NEW."factory_id", NEW."gwp_set", NEW."id", NEW."metric", NEW."name", NEW."organisation_id", NEW."path", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."scope", NEW."set_by_id", NEW."status", NEW."target_value", NEW."target_year", NEW."unit"); RETURN NULL;',
                    hash="8c72dc57d347af75f75bdf909a84c5b0e138fdc1",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_08a1f",
                    table="compliance_target",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="target",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "compliance_targetevent" ("base_value", "base_year", "change_reason", "changed_at", "created_at", "ended_at", "factory_id", "gwp_set", "id", "metric", "name", "organisation_id", "path", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scope", "set_by_id", "status", "target_value", "target_year", "unit") VALUES (NEW."base_value", NEW."base_year", NEW."change_reason", NEW."changed_at", NEW."created_at", NEW."ended_at", NEW."factory_id", NEW."gwp_set", NEW."id", NEW."metric", NEW."name", NEW."organisation_id", NEW."path", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."scope", NEW."set_by_id", NEW."status", NEW."target_value", NEW."target_year", NEW."unit"); RETURN NULL;',
                    hash="3ecdecc7b508b2ebe987a5e345d6dcc8a184ac0f",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_89f2c",
                    table="compliance_target",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="target",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_targetevent" ("base_value", "base_year", "change_reason", "changed_at", "created_at", "ended_at", "factory_id", "gwp_set", "id", "metric", "name", "organisation_id", "path", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scope", "set_by_id", "status", "target_value", "target_year", "unit") VALUES (OLD."base_value", OLD."base_year", OLD."change_reason", OLD."changed_at", OLD."created_at", OLD."ended_at", OLD."factory_id", OLD."gwp_set", OLD."id", OLD."metric", OLD."name", OLD."organisation_id", OLD."path", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."scope", OLD."set_by_id", OLD."status", OLD."target_value", OLD."target_year", OLD."unit"); RETURN NULL;',
                    hash="b2c3f17c5172ac0239cc516960793823ecffc661",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_6a354",
                    table="compliance_target",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="targetevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="ef386801eedcfb037437ec736b88a1770eb1c6cd",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_1a46a",
                    table="compliance_targetevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="typingnote",
            constraint=models.UniqueConstraint(fields=("factory", "month", "item", "pattern"), name="typing_note_once"),
        ),
        migrations.AddConstraint(
            model_name="typingnote",
            constraint=models.CheckConstraint(
                condition=models.Q(("note", ""), _negated=True), name="typing_note_says_something"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="typingnote",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_typingnoteevent" ("factory_id", "id", "item", "month", "note", "noted_at", "noted_by_id", "pattern", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."factory_id", NEW."id", NEW."item", NEW."month", NEW."note", NEW."noted_at", NEW."noted_by_id", NEW."pattern", _pgh_attach_context(), NOW(), \'insert\', NEW."id"); RETURN NULL;',
                    hash="920a7b425e88e4a6e856d59d6c796f8098217fc6",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_cf098",
                    table="compliance_typingnote",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="typingnote",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "compliance_typingnoteevent" ("factory_id", "id", "item", "month", "note", "noted_at", "noted_by_id", "pattern", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."factory_id", NEW."id", NEW."item", NEW."month", NEW."note", NEW."noted_at", NEW."noted_by_id", NEW."pattern", _pgh_attach_context(), NOW(), \'update\', NEW."id"); RETURN NULL;',
                    hash="f64971277799327b2a65d2dd46f0d1a986cc871a",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_91780",
                    table="compliance_typingnote",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="typingnote",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_typingnoteevent" ("factory_id", "id", "item", "month", "note", "noted_at", "noted_by_id", "pattern", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."factory_id", OLD."id", OLD."item", OLD."month", OLD."note", OLD."noted_at", OLD."noted_by_id", OLD."pattern", _pgh_attach_context(), NOW(), \'delete\', OLD."id"); RETURN NULL;',
                    hash="df20daa678751a3b3bd3c1028aac2f56cf2c344e",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_402c8",
                    table="compliance_typingnote",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="typingnoteevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="5006885523fa87ea8bdd7fe13dcb9c8a509411a4",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_1085e",
                    table="compliance_typingnoteevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(
            (SQL / "0001_touch_sites.sql").read_text(encoding="utf-8"),
            (SQL / "0001_touch_sites_backward.sql").read_text(encoding="utf-8"),
        ),
    ]
