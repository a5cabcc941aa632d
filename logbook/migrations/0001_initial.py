"""What belongs to writing itself."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
import rest_framework.utils.encoders
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("factories", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        migrations.swappable_dependency(settings.KNOX_TOKEN_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EvidenceFile",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("about", models.CharField(max_length=20, verbose_name="about")),
                ("about_id", models.IntegerField()),
                ("name", models.CharField(max_length=120, verbose_name="file")),
                ("content_type", models.CharField(max_length=40, verbose_name="type")),
                ("size_bytes", models.PositiveIntegerField(verbose_name="size (bytes)")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("added_at", models.DateTimeField(auto_now_add=True, verbose_name="added")),
                ("removed_at", models.DateTimeField(null=True, verbose_name="removed")),
                ("removal_reason", models.CharField(blank=True, max_length=300, verbose_name="why it was removed")),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "factory",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence_files",
                        to="factories.factory",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence_files",
                        to="factories.organisation",
                    ),
                ),
                (
                    "removed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "evidence file",
                "verbose_name_plural": "evidence files",
                "ordering": ["added_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="EvidenceContent",
            fields=[
                (
                    "file",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="stored",
                        serialize=False,
                        to="logbook.evidencefile",
                    ),
                ),
                ("content", models.BinaryField()),
                ("thumbnail", models.BinaryField(null=True)),
            ],
            options={
                "verbose_name": "content of an evidence file",
                "verbose_name_plural": "contents of evidence files",
            },
        ),
        migrations.CreateModel(
            name="EvidenceFileEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("about", models.CharField(max_length=20, verbose_name="about")),
                ("about_id", models.IntegerField()),
                ("name", models.CharField(max_length=120, verbose_name="file")),
                ("content_type", models.CharField(max_length=40, verbose_name="type")),
                ("size_bytes", models.PositiveIntegerField(verbose_name="size (bytes)")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("added_at", models.DateTimeField(auto_now_add=True, verbose_name="added")),
                ("removed_at", models.DateTimeField(null=True, verbose_name="removed")),
                ("removal_reason", models.CharField(blank=True, max_length=300, verbose_name="why it was removed")),
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
                        to="logbook.evidencefile",
                    ),
                ),
                (
                    "removed_by",
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
            name="Reminder",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="factory day")),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "factory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reminders", to="factories.factory"
                    ),
                ),
            ],
            options={"verbose_name": "reminder", "verbose_name_plural": "reminders", "ordering": ["-asked_at"]},
        ),
        migrations.CreateModel(
            name="SheetImport",
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
                ("app", models.CharField(max_length=20)),
                ("path", models.CharField(max_length=100)),
                ("arguments", models.JSONField()),
                ("is_dry_run", models.BooleanField()),
                ("language", models.CharField(max_length=10)),
                ("content", models.BinaryField(null=True)),
                ("status_code", models.PositiveSmallIntegerField(null=True)),
                ("answer", models.JSONField(encoder=rest_framework.utils.encoders.JSONEncoder, null=True)),
                (
                    "factory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="factories.factory"
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
                "verbose_name": "import of a sheet",
                "verbose_name_plural": "imports of sheets",
                "abstract": False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="evidencecontent",
            trigger=pgtrigger.compiler.Trigger(
                name="evidence_is_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a09dbc55451f1e61ddb840c833bbbddc7c3b119a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_evidence_is_kept_29a8c",
                    table="logbook_evidencecontent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="evidencefile",
            index=models.Index(fields=["about", "about_id"], name="evidence_by_what_it_is_about"),
        ),
        migrations.AddIndex(
            model_name="evidencefile", index=models.Index(fields=["factory", "added_at"], name="evidence_by_site")
        ),
        migrations.AddConstraint(
            model_name="evidencefile",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at__isnull", True)),
                fields=("about", "about_id", "sha256"),
                name="evidence_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="evidencefile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("removal_reason", ""), ("removed_at__isnull", True), ("removed_by__isnull", True)),
                    models.Q(
                        ("removed_at__isnull", False),
                        ("removed_by__isnull", False),
                        models.Q(("removal_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="evidence_removal_has_a_reason",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="evidencefile",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "logbook_evidencefileevent" ("about", "about_id", "added_at", "added_by_id", "content_type", "factory_id", "id", "name", "note", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "removal_reason", "removed_at", "removed_by_id", "sha256", "size_bytes") VALUES (NEW."about", NEW."about_id", NEW."added_at", NEW."added_by_id", NEW."content_type", NEW."factory_id", NEW."id", NEW."name", NEW."note", NEW."organisation_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."removal_reason", NEW."removed_at", NEW."removed_by_id", NEW."sha256", NEW."size_bytes"); RETURN NULL;',
                    hash="705a4d5510c08878994e0d2ea38ee40d45308568",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_bcfdc",
                    table="logbook_evidencefile",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="evidencefile",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "logbook_evidencefileevent" ("about", "about_id", "added_at", "added_by_id", "content_type", "factory_id", "id", "name", "note", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "removal_reason", "removed_at", "removed_by_id", "sha256", "size_bytes") VALUES (NEW."about", NEW."about_id", NEW."added_at", NEW."added_by_id", NEW."content_type", NEW."factory_id", NEW."id", NEW."name", NEW."note", NEW."organisation_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."removal_reason", NEW."removed_at", NEW."removed_by_id", NEW."sha256", NEW."size_bytes"); RETURN NULL;',
                    hash="a8cdcc3b7fbdf342563d84d1fada659b1763b208",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_9d210",
                    table="logbook_evidencefile",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="evidencefile",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "logbook_evidencefileevent" ("about", "about_id", "added_at", "added_by_id", "content_type", "factory_id", "id", "name", "note", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "removal_reason", "removed_at", "removed_by_id", "sha256", "size_bytes") VALUES (OLD."about", OLD."about_id", OLD."added_at", OLD."added_by_id", OLD."content_type", OLD."factory_id", OLD."id", OLD."name", OLD."note", OLD."organisation_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."removal_reason", OLD."removed_at", OLD."removed_by_id", OLD."sha256", OLD."size_bytes"); RETURN NULL;',
                    hash="28987cd4f711362001896434cd950acc8b7e8260",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_26d99",
                    table="logbook_evidencefile",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="evidencefileevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="7a1660b5ac66ce79a5ebc698d5771d74a1b5b58d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_a27fe",
                    table="logbook_evidencefileevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="reminder", index=models.Index(fields=["factory", "day"], name="reminder_by_factory_and_day")
        ),
        migrations.AddConstraint(
            model_name="sheetimport",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "running", "done", "cancelled", "failed"])),
                name="sheetimport_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="sheetimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", True), ("state__in", ("waiting", "running"))),
                    models.Q(
                        models.Q(("state__in", ("waiting", "running")), _negated=True), ("finished_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="sheetimport_over_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="sheetimport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("waiting", "running"))), fields=("user",), name="one_import_at_a_time"
            ),
        ),
    ]
