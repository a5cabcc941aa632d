"""Site days, targets, and the triggers that mark which days change."""

from decimal import Decimal
from pathlib import Path

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import compliance.models.reports

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("production", "0001_initial"),
        ("emissions", "0001_initial"),
        ("devices", "0001_initial"),
        ("energy", "0001_initial"),
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
            name="SigningKey",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_key", models.CharField(max_length=64, unique=True)),
                ("sealed_private_key", models.TextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={"verbose_name": "signing key", "verbose_name_plural": "signing keys"},
        ),
        migrations.CreateModel(
            name="AuditFinding",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("figure", models.CharField(blank=True, max_length=1000, verbose_name="figure")),
                ("text", models.TextField(max_length=4000, verbose_name="finding")),
                (
                    "effect_kg",
                    models.DecimalField(decimal_places=6, max_digits=20, null=True, verbose_name="effect (kg CO2e)"),
                ),
                ("found_at", models.DateTimeField(auto_now_add=True)),
                ("answer", models.TextField(blank=True, max_length=4000, verbose_name="answer")),
                ("answered_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "found_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"verbose_name": "finding", "verbose_name_plural": "findings", "ordering": ["id"]},
        ),
        migrations.CreateModel(
            name="BasisLock",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("gas", models.CharField(choices=[("CO2", "CO2")], default="CO2", max_length=12, verbose_name="gas")),
                ("from_month", models.DateField(verbose_name="from the month")),
                (
                    "basis",
                    models.CharField(
                        choices=[("measured", "measured in the chimney"), ("calculated", "calculated from the fuel")],
                        max_length=10,
                        verbose_name="basis",
                    ),
                ),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "factory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="basis_locks", to="factories.factory"
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="basis_locks",
                        to="factories.emissionsource",
                    ),
                ),
            ],
            options={
                "verbose_name": "basis lock",
                "verbose_name_plural": "basis locks",
                "ordering": ["factory", "source", "gas", "from_month"],
            },
        ),
        migrations.CreateModel(
            name="BasisLockEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("gas", models.CharField(choices=[("CO2", "CO2")], default="CO2", max_length=12, verbose_name="gas")),
                ("from_month", models.DateField(verbose_name="from the month")),
                (
                    "basis",
                    models.CharField(
                        choices=[("measured", "measured in the chimney"), ("calculated", "calculated from the fuel")],
                        max_length=10,
                        verbose_name="basis",
                    ),
                ),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
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
                        to="compliance.basislock",
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        db_constraint=False,
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
            name="ComplianceReport",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scheme", models.CharField(max_length=40, verbose_name="scheme")),
                ("scheme_version", models.CharField(max_length=20)),
                ("period_start", models.DateField(verbose_name="first day")),
                ("period_end", models.DateField(verbose_name="last day")),
                ("version", models.PositiveSmallIntegerField(default=1)),
                ("reasons", models.TextField(blank=True, max_length=2000, verbose_name="reasons")),
                ("withdrawn_because", models.TextField(blank=True, max_length=2000)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("signed", "signed"),
                            ("published", "published"),
                            ("superseded", "superseded"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("gwp_set", models.CharField(choices=[("AR4", "AR4"), ("AR5", "AR5"), ("AR6", "AR6")], max_length=8)),
                ("language", models.CharField(max_length=8)),
                ("is_simulated", models.BooleanField(default=False)),
                ("known_on", models.DateTimeField()),
                ("content", models.BinaryField()),
                ("digest", models.CharField(max_length=64)),
                ("verdicts", models.JSONField(default=dict)),
                ("findings", models.JSONField(default=list)),
                ("total_emissions_kg", models.DecimalField(decimal_places=6, max_digits=26, null=True)),
                ("target_met", models.BooleanField(null=True)),
                ("statement", models.BinaryField(null=True)),
                ("signature", models.CharField(blank=True, max_length=128)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("published_at", models.DateTimeField(null=True)),
                (
                    "created_by",
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
                        related_name="reports",
                        to="factories.factory",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="factories.organisation"
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "supersedes",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supplements",
                        to="compliance.compliancereport",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.signingkey",
                    ),
                ),
            ],
            options={"verbose_name": "report", "verbose_name_plural": "reports", "ordering": ["-period_end", "-id"]},
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "subject",
                    models.CharField(
                        choices=[
                            ("readings", "readings of a sensor"),
                            ("gap", "a gap"),
                            ("place", "the place in the ranking"),
                        ],
                        max_length=8,
                        verbose_name="about",
                    ),
                ),
                ("period_start", models.DateTimeField(verbose_name="from")),
                ("period_end", models.DateTimeField(verbose_name="to")),
                ("statement", models.TextField(max_length=4000, verbose_name="what is wrong")),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                ("due_on", models.DateField(verbose_name="answer due on")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("upheld", "upheld"), ("rejected", "rejected")],
                        max_length=8,
                        verbose_name="outcome",
                    ),
                ),
                ("decision", models.TextField(blank=True, max_length=4000, verbose_name="decision")),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="devices.mcudevice",
                    ),
                ),
                (
                    "factory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="disputes", to="factories.factory"
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"verbose_name": "dispute", "verbose_name_plural": "disputes", "ordering": ["-opened_at", "-id"]},
        ),
        migrations.CreateModel(
            name="DisputeEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                (
                    "subject",
                    models.CharField(
                        choices=[
                            ("readings", "readings of a sensor"),
                            ("gap", "a gap"),
                            ("place", "the place in the ranking"),
                        ],
                        max_length=8,
                        verbose_name="about",
                    ),
                ),
                ("period_start", models.DateTimeField(verbose_name="from")),
                ("period_end", models.DateTimeField(verbose_name="to")),
                ("statement", models.TextField(max_length=4000, verbose_name="what is wrong")),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                ("due_on", models.DateField(verbose_name="answer due on")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("upheld", "upheld"), ("rejected", "rejected")],
                        max_length=8,
                        verbose_name="outcome",
                    ),
                ),
                ("decision", models.TextField(blank=True, max_length=4000, verbose_name="decision")),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
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
                    "device",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="devices.mcudevice",
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
                    "opened_by",
                    models.ForeignKey(
                        db_constraint=False,
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
                        to="compliance.dispute",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="EnteredValue",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(max_length=60)),
                ("value", models.CharField(max_length=2000)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entered",
                        to="compliance.compliancereport",
                    ),
                ),
            ],
            options={"verbose_name": "entered value", "verbose_name_plural": "entered values"},
        ),
        migrations.CreateModel(
            name="EnteredValueEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("field", models.CharField(max_length=60)),
                ("value", models.CharField(max_length=2000)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        db_constraint=False,
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
                        to="compliance.enteredvalue",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="compliance.compliancereport",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="ReportBatch",
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
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("draft", "make drafts"),
                            ("sign", "sign the drafts without errors"),
                            ("publish", "publish what is signed"),
                        ],
                        max_length=7,
                    ),
                ),
                ("scheme", models.CharField(max_length=40)),
                ("period_start", models.DateField()),
                ("period_end", models.DateField()),
                ("language", models.CharField(max_length=8)),
                ("given", models.JSONField(default=dict)),
                ("done", models.PositiveIntegerField(default=0)),
                ("failures", models.JSONField(default=list)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="factories.organisation"
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
                "verbose_name": "batch of reports",
                "verbose_name_plural": "batches of reports",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ReportLink",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_sha256", models.CharField(max_length=64, unique=True)),
                ("label", models.CharField(max_length=120, verbose_name="for whom")),
                ("expires_at", models.DateTimeField(verbose_name="until")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("opened_count", models.PositiveIntegerField(default=0)),
                ("last_opened_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="compliance.compliancereport",
                    ),
                ),
                (
                    "revoked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "link to a report",
                "verbose_name_plural": "links to reports",
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="ReportLinkEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("label", models.CharField(max_length=120, verbose_name="for whom")),
                ("expires_at", models.DateTimeField(verbose_name="until")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        db_constraint=False,
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
                        to="compliance.reportlink",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="compliance.compliancereport",
                    ),
                ),
                (
                    "revoked_by",
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
            name="ReportRecipient",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                ("scheme", models.CharField(blank=True, max_length=40, verbose_name="scheme")),
                (
                    "day_of_month",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="0: as soon as a report is published", verbose_name="day of the month"
                    ),
                ),
                ("attaches_pdf", models.BooleanField(default=False, verbose_name="attach the PDF")),
                ("token", models.CharField(default=compliance.models.reports._token, max_length=40, unique=True)),
                ("unsubscribed_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="report_recipients",
                        to="factories.organisation",
                    ),
                ),
            ],
            options={"verbose_name": "recipient of reports", "verbose_name_plural": "recipients of reports"},
        ),
        migrations.CreateModel(
            name="ReportMail",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("sent", "sent"), ("failed", "failed")],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mails",
                        to="compliance.compliancereport",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="compliance.reportrecipient",
                    ),
                ),
            ],
            options={"verbose_name": "mail of a report", "verbose_name_plural": "mails of reports"},
        ),
        migrations.CreateModel(
            name="ReportRecipientEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                ("scheme", models.CharField(blank=True, max_length=40, verbose_name="scheme")),
                (
                    "day_of_month",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="0: as soon as a report is published", verbose_name="day of the month"
                    ),
                ),
                ("attaches_pdf", models.BooleanField(default=False, verbose_name="attach the PDF")),
                ("unsubscribed_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                        to="compliance.reportrecipient",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("role", models.CharField(max_length=120, verbose_name="role")),
                ("declaration", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signatures",
                        to="compliance.compliancereport",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"verbose_name": "signature", "verbose_name_plural": "signatures"},
        ),
        migrations.CreateModel(
            name="ComplianceReportEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("scheme", models.CharField(max_length=40, verbose_name="scheme")),
                ("scheme_version", models.CharField(max_length=20)),
                ("period_start", models.DateField(verbose_name="first day")),
                ("period_end", models.DateField(verbose_name="last day")),
                ("version", models.PositiveSmallIntegerField(default=1)),
                ("reasons", models.TextField(blank=True, max_length=2000, verbose_name="reasons")),
                ("withdrawn_because", models.TextField(blank=True, max_length=2000)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("signed", "signed"),
                            ("published", "published"),
                            ("superseded", "superseded"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("gwp_set", models.CharField(choices=[("AR4", "AR4"), ("AR5", "AR5"), ("AR6", "AR6")], max_length=8)),
                ("language", models.CharField(max_length=8)),
                ("is_simulated", models.BooleanField(default=False)),
                ("known_on", models.DateTimeField()),
                ("digest", models.CharField(max_length=64)),
                ("total_emissions_kg", models.DecimalField(decimal_places=6, max_digits=26, null=True)),
                ("target_met", models.BooleanField(null=True)),
                ("signature", models.CharField(blank=True, max_length=128)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("published_at", models.DateTimeField(null=True)),
                (
                    "created_by",
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
                        to="compliance.compliancereport",
                    ),
                ),
                (
                    "published_by",
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
                    "supersedes",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="compliance.compliancereport",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="compliance.signingkey",
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
            options={"verbose_name": "site day", "verbose_name_plural": "site days"},
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
            options={"verbose_name": "sheet of sites", "verbose_name_plural": "sheets of sites", "abstract": False},
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
            name="Verification",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                (
                    "materiality_pct",
                    models.DecimalField(
                        decimal_places=1,
                        default=Decimal("5"),
                        max_digits=4,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0.1")),
                            django.core.validators.MaxValueValidator(Decimal("20")),
                        ],
                        verbose_name="materiality (%)",
                    ),
                ),
                ("seed", models.CharField(blank=True, max_length=64, verbose_name="seed")),
                ("sample_size", models.PositiveSmallIntegerField(default=0, verbose_name="records of each kind")),
                ("sample", models.JSONField(default=list)),
                ("population", models.JSONField(default=dict)),
                (
                    "opinion",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unmodified", "unmodified: the report states its figures fairly, within materiality"),
                            ("qualified", "qualified: fair but for what the findings say"),
                            ("adverse", "adverse: the report does not state its figures fairly"),
                            ("disclaimer", "disclaimer: there was too little evidence to judge"),
                        ],
                        max_length=10,
                        verbose_name="opinion",
                    ),
                ),
                ("opinion_text", models.TextField(blank=True, max_length=4000, verbose_name="basis of the opinion")),
                ("body", models.CharField(blank=True, max_length=200, verbose_name="body and accreditation number")),
                ("opined_at", models.DateTimeField(null=True)),
                (
                    "auditor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verification",
                        to="compliance.compliancereport",
                    ),
                ),
            ],
            options={"verbose_name": "verification", "verbose_name_plural": "verifications"},
        ),
        migrations.CreateModel(
            name="AuditFindingEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("figure", models.CharField(blank=True, max_length=1000, verbose_name="figure")),
                ("text", models.TextField(max_length=4000, verbose_name="finding")),
                (
                    "effect_kg",
                    models.DecimalField(decimal_places=6, max_digits=20, null=True, verbose_name="effect (kg CO2e)"),
                ),
                ("found_at", models.DateTimeField(auto_now_add=True)),
                ("answer", models.TextField(blank=True, max_length=4000, verbose_name="answer")),
                ("answered_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "answered_by",
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
                    "found_by",
                    models.ForeignKey(
                        db_constraint=False,
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
                        to="compliance.auditfinding",
                    ),
                ),
                (
                    "verification",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="compliance.verification",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.AddField(
            model_name="auditfinding",
            name="verification",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="compliance.verification"
            ),
        ),
        migrations.CreateModel(
            name="VerificationEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                (
                    "materiality_pct",
                    models.DecimalField(
                        decimal_places=1,
                        default=Decimal("5"),
                        max_digits=4,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0.1")),
                            django.core.validators.MaxValueValidator(Decimal("20")),
                        ],
                        verbose_name="materiality (%)",
                    ),
                ),
                ("seed", models.CharField(blank=True, max_length=64, verbose_name="seed")),
                ("sample_size", models.PositiveSmallIntegerField(default=0, verbose_name="records of each kind")),
                ("sample", models.JSONField(default=list)),
                ("population", models.JSONField(default=dict)),
                (
                    "opinion",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unmodified", "unmodified: the report states its figures fairly, within materiality"),
                            ("qualified", "qualified: fair but for what the findings say"),
                            ("adverse", "adverse: the report does not state its figures fairly"),
                            ("disclaimer", "disclaimer: there was too little evidence to judge"),
                        ],
                        max_length=10,
                        verbose_name="opinion",
                    ),
                ),
                ("opinion_text", models.TextField(blank=True, max_length=4000, verbose_name="basis of the opinion")),
                ("body", models.CharField(blank=True, max_length=200, verbose_name="body and accreditation number")),
                ("opined_at", models.DateTimeField(null=True)),
                (
                    "auditor",
                    models.ForeignKey(
                        db_constraint=False,
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
                        to="compliance.verification",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="compliance.compliancereport",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="WoodOrigin",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "source",
                    models.CharField(
                        choices=[("own", "own plantation"), ("bought", "bought")],
                        max_length=6,
                        verbose_name="grown or bought",
                    ),
                ),
                ("supplier", models.CharField(blank=True, max_length=120, verbose_name="supplier")),
                ("species", models.CharField(blank=True, max_length=80, verbose_name="species")),
                (
                    "evidence",
                    models.CharField(blank=True, max_length=200, verbose_name="evidence that it grew sustainably"),
                ),
                ("changed_at", models.DateTimeField(verbose_name="when")),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="wood_origin", to="energy.energyentry"
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
            options={"verbose_name": "origin of wood", "verbose_name_plural": "origins of wood"},
        ),
        migrations.CreateModel(
            name="WoodOriginEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                (
                    "source",
                    models.CharField(
                        choices=[("own", "own plantation"), ("bought", "bought")],
                        max_length=6,
                        verbose_name="grown or bought",
                    ),
                ),
                ("supplier", models.CharField(blank=True, max_length=120, verbose_name="supplier")),
                ("species", models.CharField(blank=True, max_length=80, verbose_name="species")),
                (
                    "evidence",
                    models.CharField(blank=True, max_length=200, verbose_name="evidence that it grew sustainably"),
                ),
                ("changed_at", models.DateTimeField(verbose_name="when")),
                (
                    "entry",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="energy.energyentry",
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
                        to="compliance.woodorigin",
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
        migrations.AddConstraint(
            model_name="basislock",
            constraint=models.UniqueConstraint(fields=("source", "gas", "from_month"), name="basis_lock_once_a_month"),
        ),
        migrations.AddConstraint(
            model_name="basislock",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_month__day", 1)), name="basis_lock_from_a_first_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="basislock",
            constraint=models.CheckConstraint(
                condition=models.Q(("basis__in", ["measured", "calculated"])), name="basis_lock_known_basis"
            ),
        ),
        migrations.AddConstraint(
            model_name="basislock",
            constraint=models.CheckConstraint(condition=models.Q(("gas__in", ["CO2"])), name="basis_lock_known_gas"),
        ),
        migrations.AddConstraint(
            model_name="basislock",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="basis_lock_has_a_reason"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="basislock",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_basislockevent" ("basis", "changed_at", "created_at", "factory_id", "from_month", "gas", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "set_by_id", "source_id") VALUES (NEW."basis", NEW."changed_at", NEW."created_at", NEW."factory_id", NEW."from_month", NEW."gas", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."reason", NEW."set_by_id", NEW."source_id"); RETURN NULL;',
                    hash="f96ee2c21eda3418eb042f71449b4cf61573e359",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_6cc63",
                    table="compliance_basislock",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="basislock",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "compliance_basislockevent" ("basis", "changed_at", "created_at", "factory_id", "from_month", "gas", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "set_by_id", "source_id") VALUES (NEW."basis", NEW."changed_at", NEW."created_at", NEW."factory_id", NEW."from_month", NEW."gas", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."reason", NEW."set_by_id", NEW."source_id"); RETURN NULL;',
                    hash="14b5761282b4ac99528798a064af0971efc09789",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_d6871",
                    table="compliance_basislock",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="basislock",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_basislockevent" ("basis", "changed_at", "created_at", "factory_id", "from_month", "gas", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "set_by_id", "source_id") VALUES (OLD."basis", OLD."changed_at", OLD."created_at", OLD."factory_id", OLD."from_month", OLD."gas", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."reason", OLD."set_by_id", OLD."source_id"); RETURN NULL;',
                    hash="a9a5c413dd740e863693723b4affec520b9a9425",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_fb893",
                    table="compliance_basislock",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="basislockevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="17fb9d8ef643c02ccf66440c6d107e76ee11925c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_2f1d1",
                    table="compliance_basislockevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="dispute", index=models.Index(fields=["factory", "opened_at"], name="dispute_by_site")
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(("period_start__lt", models.F("period_end"))), name="dispute_period_forward"
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("device__isnull", False), ("subject", "readings")),
                    models.Q(models.Q(("subject", "readings"), _negated=True), ("device__isnull", True)),
                    _connector="OR",
                ),
                name="dispute_of_readings_names_a_device",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at__isnull", True), ("decided_by__isnull", True), ("decision", ""), ("outcome", "")
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("outcome__in", ["upheld", "rejected"]),
                        models.Q(("decision", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="dispute_decision_is_whole",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dispute",
            trigger=pgtrigger.compiler.Trigger(
                name="decision_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NOT (OLD.\"outcome\" = ''))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="85f5fa54319c056aa138e6e2c56c47af1786a057",
                    operation="UPDATE",
                    pgid="pgtrigger_decision_stands_6065a",
                    table="compliance_dispute",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dispute",
            trigger=pgtrigger.compiler.Trigger(
                name="dispute_is_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="faec6c2827ff880c740ea9b9788c861903927f74",
                    operation="DELETE",
                    pgid="pgtrigger_dispute_is_kept_24217",
                    table="compliance_dispute",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dispute",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_disputeevent" ("decided_at", "decided_by_id", "decision", "device_id", "due_on", "factory_id", "id", "opened_at", "opened_by_id", "outcome", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "statement", "subject") VALUES (NEW."decided_at", NEW."decided_by_id", NEW."decision", NEW."device_id", NEW."due_on", NEW."factory_id", NEW."id", NEW."opened_at", NEW."opened_by_id", NEW."outcome", NEW."period_end", NEW."period_start", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."statement", NEW."subject"); RETURN NULL;',
                    hash="009f01cd8dbfd76369b0ad867de6f80e009c2258",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_dfa3d",
                    table="compliance_dispute",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dispute",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "compliance_disputeevent" ("decided_at", "decided_by_id", "decision", "device_id", "due_on", "factory_id", "id", "opened_at", "opened_by_id", "outcome", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "statement", "subject") VALUES (NEW."decided_at", NEW."decided_by_id", NEW."decision", NEW."device_id", NEW."due_on", NEW."factory_id", NEW."id", NEW."opened_at", NEW."opened_by_id", NEW."outcome", NEW."period_end", NEW."period_start", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."statement", NEW."subject"); RETURN NULL;',
                    hash="27d67470d4ff237f62f2c400c9ff95da537bb7e8",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_5dfc3",
                    table="compliance_dispute",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dispute",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_disputeevent" ("decided_at", "decided_by_id", "decision", "device_id", "due_on", "factory_id", "id", "opened_at", "opened_by_id", "outcome", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "statement", "subject") VALUES (OLD."decided_at", OLD."decided_by_id", OLD."decision", OLD."device_id", OLD."due_on", OLD."factory_id", OLD."id", OLD."opened_at", OLD."opened_by_id", OLD."outcome", OLD."period_end", OLD."period_start", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."statement", OLD."subject"); RETURN NULL;',
                    hash="50b8e2147e3740ad2bd0731a3d96f2d51c2a1aa7",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_dac7f",
                    table="compliance_dispute",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="disputeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="3f83344c586f54e83b35cb1a91b61cdeedbb64f7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_6f02c",
                    table="compliance_disputeevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="enteredvalue",
            constraint=models.UniqueConstraint(fields=("report", "field"), name="entered_value_once"),
        ),
        migrations.AddConstraint(
            model_name="enteredvalue",
            constraint=models.CheckConstraint(
                condition=models.Q(("value", ""), _negated=True), name="entered_value_not_blank"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="enteredvalue",
            trigger=pgtrigger.compiler.Trigger(
                name="of_a_draft_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE state_now text;",
                    func="\n                SELECT state INTO state_now FROM compliance_compliancereport\n                WHERE id = COALESCE(NEW.report_id, OLD.report_id) FOR SHARE;\n                IF state_now <> 'draft' THEN\n                    RAISE EXCEPTION 'entered values of a % report cannot change', state_now;\n                END IF;\n                RETURN COALESCE(NEW, OLD);\n                ",
                    hash="a4954ad9848f05be720ce41b5e8d81708b0c5937",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_of_a_draft_only_5da43",
                    table="compliance_enteredvalue",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="enteredvalue",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_enteredvalueevent" ("at", "by_id", "field", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "report_id", "value") VALUES (NEW."at", NEW."by_id", NEW."field", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."report_id", NEW."value"); RETURN NULL;',
                    hash="e1a129646477955c8fd1c9f80bc3586db23def59",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_89022",
                    table="compliance_enteredvalue",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="enteredvalue",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "compliance_enteredvalueevent" ("at", "by_id", "field", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "report_id", "value") VALUES (NEW."at", NEW."by_id", NEW."field", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."report_id", NEW."value"); RETURN NULL;',
                    hash="4de11ee2bc1b8afa2edfe5d0569f66c362a1e9bc",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_be1e4",
                    table="compliance_enteredvalue",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="enteredvalue",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_enteredvalueevent" ("at", "by_id", "field", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "report_id", "value") VALUES (OLD."at", OLD."by_id", OLD."field", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."report_id", OLD."value"); RETURN NULL;',
                    hash="6455c09d725a6a216908efff9e7fa772c7f07cfc",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_09ea2",
                    table="compliance_enteredvalue",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="enteredvalueevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="63a7ee8e023900731f9fd63661502b885c691698",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_385f0",
                    table="compliance_enteredvalueevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="reportbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "running", "done", "cancelled", "failed"])),
                name="reportbatch_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", True), ("state__in", ("waiting", "running"))),
                    models.Q(
                        models.Q(("state__in", ("waiting", "running")), _negated=True), ("finished_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="reportbatch_over_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportbatch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("waiting", "running"))),
                fields=("organisation",),
                name="one_report_batch_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportlink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("revoked_at__isnull", True), ("revoked_by__isnull", True)),
                    models.Q(("revoked_at__isnull", False), ("revoked_by__isnull", False)),
                    _connector="OR",
                ),
                name="report_link_revoked_by_somebody",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportlink",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_reportlinkevent" ("created_at", "created_by_id", "expires_at", "id", "label", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "report_id", "revoked_at", "revoked_by_id") VALUES (NEW."created_at", NEW."created_by_id", NEW."expires_at", NEW."id", NEW."label", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."report_id", NEW."revoked_at", NEW."revoked_by_id"); RETURN NULL;',
                    hash="ee42603431763932bc50a9206ae3d62683a79180",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_28234",
                    table="compliance_reportlink",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportlink",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by_id" IS DISTINCT FROM (NEW."created_by_id") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."label" IS DISTINCT FROM (NEW."label") OR OLD."report_id" IS DISTINCT FROM (NEW."report_id") OR OLD."revoked_at" IS DISTINCT FROM (NEW."revoked_at") OR OLD."revoked_by_id" IS DISTINCT FROM (NEW."revoked_by_id"))',
                    func='INSERT INTO "compliance_reportlinkevent" ("created_at", "created_by_id", "expires_at", "id", "label", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "report_id", "revoked_at", "revoked_by_id") VALUES (NEW."created_at", NEW."created_by_id", NEW."expires_at", NEW."id", NEW."label", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."report_id", NEW."revoked_at", NEW."revoked_by_id"); RETURN NULL;',
                    hash="be1d9fc56195b781d7216bc19b888e933e0a0684",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_037a2",
                    table="compliance_reportlink",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportlink",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_reportlinkevent" ("created_at", "created_by_id", "expires_at", "id", "label", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "report_id", "revoked_at", "revoked_by_id") VALUES (OLD."created_at", OLD."created_by_id", OLD."expires_at", OLD."id", OLD."label", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."report_id", OLD."revoked_at", OLD."revoked_by_id"); RETURN NULL;',
                    hash="5e214ad6771e38c5a40301ae088be4c0e3e07b8d",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_aab38",
                    table="compliance_reportlink",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportlinkevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="d74d1906845f76beee0431a4ff00ff5aacbfe5a5",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_385c3",
                    table="compliance_reportlinkevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="reportrecipient",
            constraint=models.UniqueConstraint(
                fields=("organisation", "email", "scheme"), name="report_recipient_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="reportrecipient",
            constraint=models.CheckConstraint(
                condition=models.Q(("day_of_month__lte", 28)), name="report_recipient_day_of_every_month"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportrecipient",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_reportrecipientevent" ("attaches_pdf", "created_at", "day_of_month", "email", "id", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scheme", "unsubscribed_at") VALUES (NEW."attaches_pdf", NEW."created_at", NEW."day_of_month", NEW."email", NEW."id", NEW."organisation_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."scheme", NEW."unsubscribed_at"); RETURN NULL;',
                    hash="70ed12c53a64897a7b7f378838aee0218719f241",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_261a3",
                    table="compliance_reportrecipient",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportrecipient",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."attaches_pdf" IS DISTINCT FROM (NEW."attaches_pdf") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."day_of_month" IS DISTINCT FROM (NEW."day_of_month") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."organisation_id" IS DISTINCT FROM (NEW."organisation_id") OR OLD."scheme" IS DISTINCT FROM (NEW."scheme") OR OLD."unsubscribed_at" IS DISTINCT FROM (NEW."unsubscribed_at"))',
                    func='INSERT INTO "compliance_reportrecipientevent" ("attaches_pdf", "created_at", "day_of_month", "email", "id", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scheme", "unsubscribed_at") VALUES (NEW."attaches_pdf", NEW."created_at", NEW."day_of_month", NEW."email", NEW."id", NEW."organisation_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."scheme", NEW."unsubscribed_at"); RETURN NULL;',
                    hash="8aca6e09cc45d2f05e91422f1880d7c9a4d18eae",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_2c1a6",
                    table="compliance_reportrecipient",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportrecipient",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_reportrecipientevent" ("attaches_pdf", "created_at", "day_of_month", "email", "id", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scheme", "unsubscribed_at") VALUES (OLD."attaches_pdf", OLD."created_at", OLD."day_of_month", OLD."email", OLD."id", OLD."organisation_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."scheme", OLD."unsubscribed_at"); RETURN NULL;',
                    hash="259b10fb2325cb1e117fa94ffb00fa8317ecc614",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_98e9e",
                    table="compliance_reportrecipient",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="reportmail",
            constraint=models.UniqueConstraint(fields=("recipient", "report"), name="report_mailed_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reportrecipientevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="ca861144f56728e814d921adeff8598d5e72c39c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_64e15",
                    table="compliance_reportrecipientevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signature",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="fe62d3d1c0dcc36d0c7a49099aae148ef1ae38ee",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_never_changed_5850c",
                    table="compliance_signature",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="compliancereportevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="217d238cf140a9576b8a7ada0e3906470fa4d090",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_a0c47",
                    table="compliance_compliancereportevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="compliancereport",
            constraint=models.CheckConstraint(
                condition=models.Q(("period_start__lte", models.F("period_end"))), name="report_period_forward"
            ),
        ),
        migrations.AddConstraint(
            model_name="compliancereport",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "signed", "published", "superseded", "withdrawn"])),
                name="report_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="compliancereport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("published", "superseded")), _negated=True),
                    models.Q(
                        ("key__isnull", False),
                        ("published_at__isnull", False),
                        ("statement__isnull", False),
                        models.Q(("signature", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="report_published_is_signed",
            ),
        ),
        migrations.AddConstraint(
            model_name="compliancereport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("supersedes__isnull", True), ("version", 1)),
                    models.Q(
                        ("supersedes__isnull", False), ("version__gt", 1), models.Q(("reasons", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="report_supplement_has_reasons",
            ),
        ),
        migrations.AddConstraint(
            model_name="compliancereport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["published"])),
                fields=("organisation", "factory", "scheme", "period_start", "period_end"),
                name="report_one_published",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="compliancereport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["draft", "signed"])),
                fields=("organisation", "factory", "scheme", "period_start", "period_end"),
                name="report_one_open",
                nulls_distinct=False,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="compliancereport",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="eda7a123892690f4fbc95be412b6ea31e763ed75",
                    operation="DELETE",
                    pgid="pgtrigger_never_deleted_42143",
                    table="compliance_compliancereport",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="compliancereport",
            trigger=pgtrigger.compiler.Trigger(
                name="life",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{draft:signed,draft:withdrawn,signed:published,signed:withdrawn,published:superseded}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="53f0bf0acf4334a75981ab485141e9e15c479010",
                    operation="UPDATE",
                    pgid="pgtrigger_life_497f7",
                    table="compliance_compliancereport",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="compliancereport",
            trigger=pgtrigger.compiler.Trigger(
                name="signed_is_frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NOT (OLD."state" = \'draft\') AND (OLD."organisation_id" IS DISTINCT FROM (NEW."organisation_id") OR OLD."factory_id" IS DISTINCT FROM (NEW."factory_id") OR OLD."scheme" IS DISTINCT FROM (NEW."scheme") OR OLD."scheme_version" IS DISTINCT FROM (NEW."scheme_version") OR OLD."period_start" IS DISTINCT FROM (NEW."period_start") OR OLD."period_end" IS DISTINCT FROM (NEW."period_end") OR OLD."version" IS DISTINCT FROM (NEW."version") OR OLD."supersedes_id" IS DISTINCT FROM (NEW."supersedes_id") OR OLD."content" IS DISTINCT FROM (NEW."content") OR OLD."digest" IS DISTINCT FROM (NEW."digest") OR OLD."total_emissions_kg" IS DISTINCT FROM (NEW."total_emissions_kg") OR OLD."target_met" IS DISTINCT FROM (NEW."target_met") OR OLD."gwp_set" IS DISTINCT FROM (NEW."gwp_set") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."known_on" IS DISTINCT FROM (NEW."known_on") OR OLD."is_simulated" IS DISTINCT FROM (NEW."is_simulated") OR OLD."reasons" IS DISTINCT FROM (NEW."reasons") OR OLD."verdicts" IS DISTINCT FROM (NEW."verdicts") OR OLD."created_by_id" IS DISTINCT FROM (NEW."created_by_id")))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="1bdc8bb0a51038af22949dd23de35824d5fb1ee0",
                    operation="UPDATE",
                    pgid="pgtrigger_signed_is_frozen_ce084",
                    table="compliance_compliancereport",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="compliancereport",
            trigger=pgtrigger.compiler.Trigger(
                name="published_is_frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."state" IN (\'published\', \'superseded\') AND (OLD."statement" IS DISTINCT FROM (NEW."statement") OR OLD."signature" IS DISTINCT FROM (NEW."signature") OR OLD."key_id" IS DISTINCT FROM (NEW."key_id") OR OLD."published_at" IS DISTINCT FROM (NEW."published_at") OR OLD."published_by_id" IS DISTINCT FROM (NEW."published_by_id")))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="a2967806bbb09f993d9b60211598bbd25e3f22c9",
                    operation="UPDATE",
                    pgid="pgtrigger_published_is_frozen_bb989",
                    table="compliance_compliancereport",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="compliancereport",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_compliancereportevent" ("created_at", "created_by_id", "digest", "factory_id", "gwp_set", "id", "is_simulated", "key_id", "known_on", "language", "organisation_id", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "published_at", "published_by_id", "reasons", "scheme", "scheme_version", "signature", "state", "supersedes_id", "target_met", "total_emissions_kg", "version", "withdrawn_because") VALUES (NEW."created_at", NEW."created_by_id", NEW."digest", NEW."factory_id", NEW."gwp_set", NEW."id", NEW."is_simulated", NEW."key_id", NEW."known_on", NEW."language", NEW."organisation_id", NEW."period_end", NEW."period_start", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."published_at", NEW."published_by_id", NEW."reasons", NEW."scheme", NEW."scheme_version", NEW."signature", NEW."state", NEW."supersedes_id", NEW."target_met", NEW."total_emissions_kg", NEW."version", NEW."withdrawn_because"); RETURN NULL;',
                    hash="e5850bb552d2e736c7d3c5d0dfc995666bddf3b2",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_a7292",
                    table="compliance_compliancereport",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="compliancereport",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by_id" IS DISTINCT FROM (NEW."created_by_id") OR OLD."digest" IS DISTINCT FROM (NEW."digest") OR OLD."factory_id" IS DISTINCT FROM (NEW."factory_id") OR OLD."gwp_set" IS DISTINCT FROM (NEW."gwp_set") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_simulated" IS DISTINCT FROM (NEW."is_simulated") OR OLD."key_id" IS DISTINCT FROM (NEW."key_id") OR OLD."known_on" IS DISTINCT FROM (NEW."known_on") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."organisation_id" IS DISTINCT FROM (NEW."organisation_id") OR OLD."period_end" IS DISTINCT FROM (NEW."period_end") OR OLD."period_start" IS DISTINCT FROM (NEW."period_start") OR OLD."published_at" IS DISTINCT FROM (NEW."published_at") OR OLD."published_by_id" IS DISTINCT FROM (NEW."published_by_id") OR OLD."reasons" IS DISTINCT FROM (NEW."reasons") OR OLD."scheme" IS DISTINCT FROM (NEW."scheme") OR OLD."scheme_version" IS DISTINCT FROM (NEW."scheme_version") OR OLD."signature" IS DISTINCT FROM (NEW."signature") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."supersedes_id" IS DISTINCT FROM (NEW."supersedes_id") OR OLD."target_met" IS DISTINCT FROM (NEW."target_met") OR OLD."total_emissions_kg" IS DISTINCT FROM (NEW."total_emissions_kg") OR OLD."version" IS DISTINCT FROM (NEW."version") OR OLD."withdrawn_because" IS DISTINCT FROM (NEW."withdrawn_because"))',
                    func='INSERT INTO "compliance_compliancereportevent" ("created_at", "created_by_id", "digest", "factory_id", "gwp_set", "id", "is_simulated", "key_id", "known_on", "language", "organisation_id", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "published_at", "published_by_id", "reasons", "scheme", "scheme_version", "signature", "state", "supersedes_id", "target_met", "total_emissions_kg", "version", "withdrawn_because") VALUES (NEW."created_at", NEW."created_by_id", NEW."digest", NEW."factory_id", NEW."gwp_set", NEW."id", NEW."is_simulated", NEW."key_id", NEW."known_on", NEW."language", NEW."organisation_id", NEW."period_end", NEW."period_start", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."published_at", NEW."published_by_id", NEW."reasons", NEW."scheme", NEW."scheme_version", NEW."signature", NEW."state", NEW."supersedes_id", NEW."target_met", NEW."total_emissions_kg", NEW."version", NEW."withdrawn_because"); RETURN NULL;',
                    hash="b606d93aca3113d90098bde297a349eee166f77f",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_012b9",
                    table="compliance_compliancereport",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="compliancereport",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_compliancereportevent" ("created_at", "created_by_id", "digest", "factory_id", "gwp_set", "id", "is_simulated", "key_id", "known_on", "language", "organisation_id", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "published_at", "published_by_id", "reasons", "scheme", "scheme_version", "signature", "state", "supersedes_id", "target_met", "total_emissions_kg", "version", "withdrawn_because") VALUES (OLD."created_at", OLD."created_by_id", OLD."digest", OLD."factory_id", OLD."gwp_set", OLD."id", OLD."is_simulated", OLD."key_id", OLD."known_on", OLD."language", OLD."organisation_id", OLD."period_end", OLD."period_start", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."published_at", OLD."published_by_id", OLD."reasons", OLD."scheme", OLD."scheme_version", OLD."signature", OLD."state", OLD."supersedes_id", OLD."target_met", OLD."total_emissions_kg", OLD."version", OLD."withdrawn_because"); RETURN NULL;',
                    hash="f55ab7d351aaf067a65e7b720dbd8916a757ab02",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_cb39c",
                    table="compliance_compliancereport",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="siteday",
            constraint=models.CheckConstraint(
                condition=models.Q(("starts_at__lt", models.F("ends_at"))), name="site_day_forward"
            ),
        ),
        migrations.AddConstraint(
            model_name="siteday",
            constraint=models.CheckConstraint(
                condition=models.Q(("basis__in", ["", "measured", "fuel"])), name="site_day_known_basis"
            ),
        ),
        migrations.AddConstraint(
            model_name="sitesheet",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "running", "done", "cancelled", "failed"])),
                name="sitesheet_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="sitesheet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", True), ("state__in", ("waiting", "running"))),
                    models.Q(
                        models.Q(("state__in", ("waiting", "running")), _negated=True), ("finished_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="sitesheet_over_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="sitesheet",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("waiting", "running"))),
                fields=("user",),
                name="one_site_sheet_at_a_time",
            ),
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
        migrations.AddConstraint(
            model_name="verification",
            constraint=models.CheckConstraint(
                condition=models.Q(("opinion__in", ["", "unmodified", "qualified", "adverse", "disclaimer"])),
                name="opinion_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="verification",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("opined_at__isnull", True), ("opinion", "")),
                    models.Q(
                        models.Q(("opinion", ""), _negated=True),
                        models.Q(("opinion_text", ""), _negated=True),
                        ("opined_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="opinion_has_basis_and_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="verification",
            constraint=models.CheckConstraint(
                condition=models.Q(("materiality_pct__gt", 0), ("materiality_pct__lte", 20)),
                name="materiality_in_range",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="verification",
            trigger=pgtrigger.compiler.Trigger(
                name="opinion_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NOT (OLD.\"opinion\" = ''))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="4796c67a6a86cf1274d8f4d0b4392af2769f6678",
                    operation="UPDATE",
                    pgid="pgtrigger_opinion_stands_b8c95",
                    table="compliance_verification",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="verification",
            trigger=pgtrigger.compiler.Trigger(
                name="verification_is_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="62e498b77eceef28d6b7cdbbb319c339334c000e",
                    operation="DELETE",
                    pgid="pgtrigger_verification_is_kept_d0d6e",
                    table="compliance_verification",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="verification",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_verificationevent" ("auditor_id", "body", "id", "materiality_pct", "opened_at", "opined_at", "opinion", "opinion_text", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "population", "report_id", "sample", "sample_size", "seed") VALUES (NEW."auditor_id", NEW."body", NEW."id", NEW."materiality_pct", NEW."opened_at", NEW."opined_at", NEW."opinion", NEW."opinion_text", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."population", NEW."report_id", NEW."sample", NEW."sample_size", NEW."seed"); RETURN NULL;',
                    hash="e15f81e84485db0c52b9d335ff4862503cd776a0",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_8e8a5",
                    table="compliance_verification",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="verification",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "compliance_verificationevent" ("auditor_id", "body", "id", "materiality_pct", "opened_at", "opined_at", "opinion", "opinion_text", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "population", "report_id", "sample", "sample_size", "seed") VALUES (NEW."auditor_id", NEW."body", NEW."id", NEW."materiality_pct", NEW."opened_at", NEW."opined_at", NEW."opinion", NEW."opinion_text", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."population", NEW."report_id", NEW."sample", NEW."sample_size", NEW."seed"); RETURN NULL;',
                    hash="e4d3b39e237273c4e0a4f3ac4d2eb07a1aed4e69",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_0b177",
                    table="compliance_verification",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="verification",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_verificationevent" ("auditor_id", "body", "id", "materiality_pct", "opened_at", "opined_at", "opinion", "opinion_text", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "population", "report_id", "sample", "sample_size", "seed") VALUES (OLD."auditor_id", OLD."body", OLD."id", OLD."materiality_pct", OLD."opened_at", OLD."opined_at", OLD."opinion", OLD."opinion_text", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."population", OLD."report_id", OLD."sample", OLD."sample_size", OLD."seed"); RETURN NULL;',
                    hash="b72c3f04e39dbc1e8347d955aeb53c1fe6708b29",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_45037",
                    table="compliance_verification",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditfindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="06fc74ec6402f8e390279da0b7a2cb4d4077dd32",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_6ee85",
                    table="compliance_auditfindingevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="auditfinding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at__isnull", True), ("answered_by__isnull", True)),
                    models.Q(
                        models.Q(("answer", ""), _negated=True),
                        ("answered_at__isnull", False),
                        ("answered_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="finding_answer_is_whole",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditfinding",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_auditfindingevent" ("answer", "answered_at", "answered_by_id", "closed_at", "effect_kg", "figure", "found_at", "found_by_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "text", "verification_id") VALUES (NEW."answer", NEW."answered_at", NEW."answered_by_id", NEW."closed_at", NEW."effect_kg", NEW."figure", NEW."found_at", NEW."found_by_id", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."text", NEW."verification_id"); RETURN NULL;',
                    hash="f5ea03bee25f6e7f5cec74a51159b8b5d34a620d",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_5b4e1",
                    table="compliance_auditfinding",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditfinding",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "compliance_auditfindingevent" ("answer", "answered_at", "answered_by_id", "closed_at", "effect_kg", "figure", "found_at", "found_by_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "text", "verification_id") VALUES (NEW."answer", NEW."answered_at", NEW."answered_by_id", NEW."closed_at", NEW."effect_kg", NEW."figure", NEW."found_at", NEW."found_by_id", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."text", NEW."verification_id"); RETURN NULL;',
                    hash="7c7210c1c94cc0a088c3a9e60ff28761a03b8d2b",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_ab9ae",
                    table="compliance_auditfinding",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditfinding",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_auditfindingevent" ("answer", "answered_at", "answered_by_id", "closed_at", "effect_kg", "figure", "found_at", "found_by_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "text", "verification_id") VALUES (OLD."answer", OLD."answered_at", OLD."answered_by_id", OLD."closed_at", OLD."effect_kg", OLD."figure", OLD."found_at", OLD."found_by_id", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."text", OLD."verification_id"); RETURN NULL;',
                    hash="3a524dd7fc1c7351d275bb7fbc22d1d45a467008",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_e0fb5",
                    table="compliance_auditfinding",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="verificationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f0fdfb28400b16b45ded8f9f804d982ad9de322d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_12ae7",
                    table="compliance_verificationevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="woodorigin",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__in", ["own", "bought"])), name="wood_origin_known_source"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="woodorigin",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_woodoriginevent" ("changed_at", "entry_id", "evidence", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "set_by_id", "source", "species", "supplier") VALUES (NEW."changed_at", NEW."entry_id", NEW."evidence", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."set_by_id", NEW."source", NEW."species", NEW."supplier"); RETURN NULL;',
                    hash="cff3e3fd5e2476ad518730a258397f809b7be075",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_3ca6a",
                    table="compliance_woodorigin",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="woodorigin",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "compliance_woodoriginevent" ("changed_at", "entry_id", "evidence", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "set_by_id", "source", "species", "supplier") VALUES (NEW."changed_at", NEW."entry_id", NEW."evidence", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."set_by_id", NEW."source", NEW."species", NEW."supplier"); RETURN NULL;',
                    hash="12d7b2f9974438e432e13f3e372e54cfbe79217a",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_e23c3",
                    table="compliance_woodorigin",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="woodorigin",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "compliance_woodoriginevent" ("changed_at", "entry_id", "evidence", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "set_by_id", "source", "species", "supplier") VALUES (OLD."changed_at", OLD."entry_id", OLD."evidence", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."set_by_id", OLD."source", OLD."species", OLD."supplier"); RETURN NULL;',
                    hash="065e75c3032952a72e569fe705ad9f217b006162",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_f57c1",
                    table="compliance_woodorigin",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="woodoriginevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="e45a91243a6ce17bab8c3613deb197faa82de060",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_a7a6b",
                    table="compliance_woodoriginevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(
            (SQL / "0001_touch_sites.sql").read_text(encoding="utf-8"),
            (SQL / "0001_touch_sites_backward.sql").read_text(encoding="utf-8"),
        ),
    ]
