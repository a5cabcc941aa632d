"""Reads of raw data and files, and the history of two tables of allauth."""

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
        ("account", "0009_emailaddress_unique_primary_email"),
        ("factories", "0001_initial"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("pghistory", "0007_auto_20250421_0444"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SecondFactor",
            fields=[],
            options={
                "verbose_name": "second factor",
                "verbose_name_plural": "second factors",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("mfa.authenticator",),
        ),
        migrations.CreateModel(
            name="Address",
            fields=[],
            options={
                "verbose_name": "e-mail address",
                "verbose_name_plural": "e-mail addresses",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("account.emailaddress",),
        ),
        migrations.CreateModel(
            name="AddressEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("email", models.EmailField(max_length=254, verbose_name="email address")),
                ("verified", models.BooleanField(default=False, verbose_name="verified")),
                ("primary", models.BooleanField(default=False, verbose_name="primary")),
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
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="DataRead",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("token", models.CharField(blank=True, max_length=80, verbose_name="API token")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("readings", "raw readings"),
                            ("live", "live readings"),
                            ("export", "a file"),
                            ("page", "opened by an auditor"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("path", models.CharField(max_length=200, verbose_name="address")),
                ("device", models.CharField(blank=True, max_length=64, verbose_name="device")),
                ("hour", models.DateTimeField()),
                ("first_at", models.DateTimeField(verbose_name="first")),
                ("last_at", models.DateTimeField(verbose_name="last")),
                ("times", models.IntegerField(verbose_name="times")),
                ("rows", models.BigIntegerField(null=True, verbose_name="rows")),
                ("period_start", models.DateTimeField(null=True, verbose_name="from")),
                ("period_end", models.DateTimeField(null=True, verbose_name="to")),
                (
                    "factory",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="factories.factory"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="factories.organisation"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={"verbose_name": "reading of data", "verbose_name_plural": "readings of data"},
        ),
        migrations.CreateModel(
            name="SecondFactorEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("recovery_codes", "Recovery codes"),
                            ("totp", "TOTP Authenticator"),
                            ("webauthn", "WebAuthn"),
                        ],
                        max_length=20,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="audit.secondfactor",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="secondfactor",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "audit_secondfactorevent" ("created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "type", "user_id") VALUES (NEW."created_at", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."type", NEW."user_id"); RETURN NULL;',
                    hash="5af2f51cadde8a2e8483e463d92447464042e4ea",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_4087c",
                    table="mfa_authenticator",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="secondfactor",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "audit_secondfactorevent" ("created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "type", "user_id") VALUES (OLD."created_at", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."type", OLD."user_id"); RETURN NULL;',
                    hash="d54770789eb70693cdd05fed5a0944a9a63623ee",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_513f4",
                    table="mfa_authenticator",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="addressevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="audit.address",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="address",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "audit_addressevent" ("email", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "primary", "user_id", "verified") VALUES (NEW."email", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."primary", NEW."user_id", NEW."verified"); RETURN NULL;',
                    hash="79f14ff43ce59411f46b824f52a904212a60048e",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_2c627",
                    table="account_emailaddress",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="address",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "audit_addressevent" ("email", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "primary", "user_id", "verified") VALUES (NEW."email", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."primary", NEW."user_id", NEW."verified"); RETURN NULL;',
                    hash="bb4f51ab5cb187a5eda2e6b121d65c7f41e50d7c",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_27faf",
                    table="account_emailaddress",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="address",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "audit_addressevent" ("email", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "primary", "user_id", "verified") VALUES (OLD."email", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."primary", OLD."user_id", OLD."verified"); RETURN NULL;',
                    hash="9efdf583821e43f9fe641ca35baa21ba5505e48b",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_261f2",
                    table="account_emailaddress",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="dataread",
            index=models.Index(fields=["organisation", "-first_at"], name="dataread_by_organisation"),
        ),
        migrations.AddIndex(model_name="dataread", index=models.Index(fields=["-first_at"], name="dataread_by_time")),
        migrations.AddConstraint(
            model_name="dataread",
            constraint=models.UniqueConstraint(
                fields=("user", "hour", "organisation", "factory", "kind", "path", "device", "token"),
                name="dataread_once_an_hour",
                nulls_distinct=False,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="secondfactorevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f08fba5782288e57fc703cab471a3f2e3ae701f8",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_28057",
                    table="audit_secondfactorevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="addressevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="15d1c6776f87130271f48cf293cdb8744fc255b8",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_8446c",
                    table="audit_addressevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(
            (SQL / "0001_find_in_history.sql").read_text(encoding="utf-8"),
            (SQL / "0001_find_in_history_backward.sql").read_text(encoding="utf-8"),
        ),
    ]
