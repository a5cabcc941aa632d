"""Entries of production."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("factories", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ProductionEntry",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("period_start", models.DateTimeField(verbose_name="from")),
                ("period_end", models.DateTimeField(verbose_name="to")),
                ("note", models.CharField(blank=True, default="", max_length=300, verbose_name="note")),
                (
                    "number_in_period",
                    models.PositiveSmallIntegerField(db_default=1, default=1, verbose_name="number in its period"),
                ),
                ("warnings", models.JSONField(blank=True, default=list, verbose_name="needs attention")),
                ("client_id", models.UUIDField(blank=True, null=True)),
                ("request_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "last_act",
                    models.CharField(
                        choices=[
                            ("recorded", "recorded"),
                            ("corrected", "corrected"),
                            ("deleted", "deleted"),
                            ("undone", "undone"),
                        ],
                        default="recorded",
                        max_length=10,
                    ),
                ),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "change_reason",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="reason of the last change"),
                ),
                ("deleted_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted")),
                (
                    "origin",
                    models.CharField(
                        choices=[("entry", "entered"), ("import", "imported")], default="entry", max_length=6
                    ),
                ),
                (
                    "product",
                    models.CharField(
                        choices=[("made_tea", "Made tea"), ("green_leaf", "Green leaf"), ("coal", "Coal")],
                        max_length=12,
                        verbose_name="product",
                    ),
                ),
                ("amount_kg", models.DecimalField(decimal_places=3, max_digits=14, verbose_name="amount (kg)")),
                (
                    "unit",
                    models.CharField(
                        choices=[("kg", "kg"), ("t", "t")], default="kg", max_length=4, verbose_name="unit as entered"
                    ),
                ),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "factory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(app_label)s_entries",
                        to="factories.factory",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "production entry",
                "verbose_name_plural": "production entries",
                "ordering": ["-period_start", "-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProductionEntryEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("period_start", models.DateTimeField(verbose_name="from")),
                ("period_end", models.DateTimeField(verbose_name="to")),
                ("note", models.CharField(blank=True, default="", max_length=300, verbose_name="note")),
                (
                    "number_in_period",
                    models.PositiveSmallIntegerField(db_default=1, default=1, verbose_name="number in its period"),
                ),
                ("warnings", models.JSONField(blank=True, default=list, verbose_name="needs attention")),
                ("client_id", models.UUIDField(blank=True, null=True)),
                ("request_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "last_act",
                    models.CharField(
                        choices=[
                            ("recorded", "recorded"),
                            ("corrected", "corrected"),
                            ("deleted", "deleted"),
                            ("undone", "undone"),
                        ],
                        default="recorded",
                        max_length=10,
                    ),
                ),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "change_reason",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="reason of the last change"),
                ),
                ("deleted_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted")),
                (
                    "origin",
                    models.CharField(
                        choices=[("entry", "entered"), ("import", "imported")], default="entry", max_length=6
                    ),
                ),
                (
                    "product",
                    models.CharField(
                        choices=[("made_tea", "Made tea"), ("green_leaf", "Green leaf"), ("coal", "Coal")],
                        max_length=12,
                        verbose_name="product",
                    ),
                ),
                ("amount_kg", models.DecimalField(decimal_places=3, max_digits=14, verbose_name="amount (kg)")),
                (
                    "unit",
                    models.CharField(
                        choices=[("kg", "kg"), ("t", "t")], default="kg", max_length=4, verbose_name="unit as entered"
                    ),
                ),
                (
                    "changed_by",
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
                        to="production.productionentry",
                    ),
                ),
                (
                    "recorded_by",
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
        migrations.AddIndex(
            model_name="productionentry",
            index=models.Index(fields=["factory", "product", "period_start"], name="production_by_factory_and_time"),
        ),
        migrations.AddConstraint(
            model_name="productionentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin__in", ["entry", "import", "meter", "device"])),
                name="production_known_origin",
            ),
        ),
        migrations.AddConstraint(
            model_name="productionentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_act__in", ["recorded", "corrected", "deleted", "undone"])),
                name="production_known_act",
            ),
        ),
        migrations.AddConstraint(
            model_name="productionentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("period_end__isnull", True), ("period_start__isnull", True)),
                    models.Q(
                        ("period_end__isnull", False),
                        ("period_start__isnull", False),
                        ("period_start__lt", models.F("period_end")),
                    ),
                    _connector="OR",
                ),
                name="production_period_forward",
            ),
        ),
        migrations.AddConstraint(
            model_name="productionentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("last_act__in", ["corrected", "deleted"]), _negated=True),
                    models.Q(("change_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="production_change_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="productionentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("last_act", "deleted"), _negated=True), ("deleted_at__isnull", False), _connector="OR"
                ),
                name="production_deleted_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="productionentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("client_id__isnull", False)),
                fields=("recorded_by", "client_id"),
                name="production_client_id_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="productionentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin__in", ["meter", "device"]), _negated=True),
                name="production_is_not_of_a_meter",
            ),
        ),
        migrations.AddConstraint(
            model_name="productionentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_kg__gte", 0)), name="production_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="productionentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("product__in", ["made_tea", "green_leaf", "coal"])), name="production_known_product"
            ),
        ),
        migrations.AddConstraint(
            model_name="productionentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit__in", ["kg", "t"])), name="production_known_unit"
            ),
        ),
        migrations.AddConstraint(
            model_name="productionentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True), ("origin", "import")),
                fields=("factory", "product", "period_start", "period_end", "number_in_period"),
                name="production_imported_once",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="productionentry",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "production_productionentryevent" ("amount_kg", "change_reason", "changed_at", "changed_by_id", "client_id", "created_at", "deleted_at", "factory_id", "id", "last_act", "note", "number_in_period", "origin", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product", "recorded_by_id", "request_sha256", "unit", "warnings") SELECT new_values."amount_kg", new_values."change_reason", new_values."changed_at", new_values."changed_by_id", new_values."client_id", new_values."created_at", new_values."deleted_at", new_values."factory_id", new_values."id", new_values."last_act", new_values."note", new_values."number_in_period", new_values."origin", new_values."period_end", new_values."period_start", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."product", new_values."recorded_by_id", new_values."request_sha256", new_values."unit", new_values."warnings" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="97eecb7d2ab1d4e6d2f16081e5937888ec4e444a",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_9cd5a",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="production_productionentry",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="productionentry",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "production_productionentryevent" ("amount_kg", "change_reason", "changed_at", "changed_by_id", "client_id", "created_at", "deleted_at", "factory_id", "id", "last_act", "note", "number_in_period", "origin", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product", "recorded_by_id", "request_sha256", "unit", "warnings") VALUES (NEW."amount_kg", NEW."change_reason", NEW."changed_at", NEW."changed_by_id", NEW."client_id", NEW."created_at", NEW."deleted_at", NEW."factory_id", NEW."id", NEW."last_act", NEW."note", NEW."number_in_period", NEW."origin", NEW."period_end", NEW."period_start", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product", NEW."recorded_by_id", NEW."request_sha256", NEW."unit", NEW."warnings"); RETURN NULL;',
                    hash="a66b61ec0e048656e3679320cec085682a858b35",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_d4297",
                    table="production_productionentry",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="productionentry",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "production_productionentryevent" ("amount_kg", "change_reason", "changed_at", "changed_by_id", "client_id", "created_at", "deleted_at", "factory_id", "id", "last_act", "note", "number_in_period", "origin", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product", "recorded_by_id", "request_sha256", "unit", "warnings") VALUES (OLD."amount_kg", OLD."change_reason", OLD."changed_at", OLD."changed_by_id", OLD."client_id", OLD."created_at", OLD."deleted_at", OLD."factory_id", OLD."id", OLD."last_act", OLD."note", OLD."number_in_period", OLD."origin", OLD."period_end", OLD."period_start", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product", OLD."recorded_by_id", OLD."request_sha256", OLD."unit", OLD."warnings"); RETURN NULL;',
                    hash="656508424f9520b1644e8a70d703d531dbde7d8d",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_9377c",
                    table="production_productionentry",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="productionentryevent",
            index=models.Index(fields=["pgh_created_at"], name="production_history_by_time"),
        ),
        migrations.AddIndex(
            model_name="productionentryevent",
            index=models.Index(fields=["factory", "pgh_created_at"], name="production_history_by_site"),
        ),
        migrations.AddIndex(
            model_name="productionentryevent",
            index=models.Index(
                condition=models.Q(("pgh_label", "insert"), _negated=True),
                fields=["pgh_created_at"],
                name="production_history_changed",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="productionentryevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="3c224e225c58c4ec77ad9417bfb0baab9c24f7c2",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_c2159",
                    table="production_productionentryevent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
