"""Energy types, emission factors, entries and local units."""

from decimal import Decimal
from pathlib import Path

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models

import energy.models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("factories", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name="EmissionFactor",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "gas",
                    models.CharField(
                        choices=[("CO2", "CO2"), ("CH4", "CH4"), ("N2O", "N2O"), ("CO2e", "CO2e")],
                        max_length=4,
                        verbose_name="gas",
                    ),
                ),
                ("per_unit", models.CharField(max_length=12, verbose_name="per")),
                ("country", models.CharField(blank=True, max_length=2, verbose_name="country")),
                ("set_name", models.CharField(max_length=40, verbose_name="set")),
                (
                    "factor_type",
                    models.CharField(
                        choices=[
                            ("average", "average"),
                            ("OM", "operating margin"),
                            ("BM", "build margin"),
                            ("CM", "combined margin"),
                        ],
                        default="average",
                        max_length=8,
                        verbose_name="factor type",
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[("direct", "direct"), ("life-cycle", "life-cycle")],
                        default="direct",
                        max_length=10,
                        verbose_name="basis",
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="to")),
                ("version", models.PositiveSmallIntegerField(default=1, verbose_name="version")),
                ("is_default", models.BooleanField(default=False, verbose_name="used when no set is named")),
                (
                    "value",
                    models.DecimalField(decimal_places=24, max_digits=40, verbose_name="value (kg of gas per unit)"),
                ),
                ("unit", models.CharField(max_length=24, verbose_name="unit")),
                (
                    "gwp_set",
                    models.CharField(
                        blank=True,
                        choices=[("AR4", "AR4"), ("AR5", "AR5"), ("AR6", "AR6")],
                        default="",
                        max_length=4,
                        verbose_name="GWP set of the publisher",
                    ),
                ),
                (
                    "kg_per_unit",
                    models.DecimalField(
                        blank=True, decimal_places=12, max_digits=24, null=True, verbose_name="kg per unit"
                    ),
                ),
                (
                    "ncv_gj_per_t",
                    models.DecimalField(
                        blank=True,
                        decimal_places=12,
                        max_digits=24,
                        null=True,
                        verbose_name="net calorific value (GJ/t)",
                    ),
                ),
                (
                    "gj_per_unit",
                    models.DecimalField(
                        blank=True, decimal_places=20, max_digits=36, null=True, verbose_name="GJ per unit"
                    ),
                ),
                (
                    "gas_kg_per_tj",
                    models.DecimalField(
                        blank=True, decimal_places=12, max_digits=24, null=True, verbose_name="kg of gas per TJ"
                    ),
                ),
                (
                    "inherent_kg_per_unit",
                    models.DecimalField(
                        decimal_places=12, default=0, max_digits=24, verbose_name="contained in the fuel (kg/unit)"
                    ),
                ),
                ("source", models.CharField(max_length=200, verbose_name="source")),
                ("publication", models.CharField(blank=True, max_length=200, verbose_name="publication")),
                ("confidence", models.CharField(blank=True, max_length=12, verbose_name="confidence")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("loaded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="emission_factors",
                        to="factories.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "emission factor",
                "verbose_name_plural": "emission factors",
                "ordering": ["energy_type", "set_name", "per_unit", "valid_from", "gas", "version"],
            },
        ),
        migrations.CreateModel(
            name="EnergyType",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "aliases",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), default=list, size=None, verbose_name="also called"
                    ),
                ),
                (
                    "carrier",
                    models.CharField(
                        choices=[
                            ("fuel", "fuel"),
                            ("grid", "grid electricity"),
                            ("own", "own generation without fuel"),
                            ("heat", "purchased heat"),
                            ("explosive", "explosive"),
                            ("refrigerant", "refrigerant that leaked"),
                        ],
                        max_length=12,
                        verbose_name="carrier",
                    ),
                ),
                (
                    "unit_family",
                    models.CharField(
                        choices=[
                            ("mass", "mass"),
                            ("volume", "volume"),
                            ("normal volume", "normal volume"),
                            ("stacked volume", "stacked volume"),
                            ("energy", "energy"),
                        ],
                        max_length=20,
                        verbose_name="unit family",
                    ),
                ),
                ("default_unit", models.CharField(max_length=12, verbose_name="usual unit")),
                ("scope", models.PositiveSmallIntegerField(verbose_name="scope")),
                ("is_biogenic", models.BooleanField(default=False, verbose_name="biogenic")),
                (
                    "is_wood",
                    models.BooleanField(
                        default=False, verbose_name="wood: its moisture gives carbon and heating value"
                    ),
                ),
            ],
            options={
                "verbose_name": "energy type",
                "verbose_name_plural": "energy types",
                "ordering": ["code"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("scope__in", [1, 2, 3])), name="energy_type_scope"),
                    models.CheckConstraint(
                        condition=models.Q(("code__regex", "^[a-z][a-z0-9_]*$")), name="energy_type_code"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("carrier__in", ["fuel", "grid", "own", "heat", "explosive", "refrigerant"])
                        ),
                        name="energy_type_carrier",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("unit_family__in", ["mass", "volume", "normal volume", "stacked volume", "energy"])
                        ),
                        name="energy_type_family",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EnergyEntry",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("note", models.CharField(blank=True, default="", max_length=300, verbose_name="note")),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("entry", "entered"),
                            ("import", "imported"),
                            ("meter", "between two meter readings"),
                            ("device", "read by a device"),
                        ],
                        default="entry",
                        max_length=6,
                    ),
                ),
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("used", "used"),
                            ("received", "received"),
                            ("stock_count", "stock count"),
                            ("meter_reading", "meter reading"),
                            ("market", "contract or certificate"),
                        ],
                        default="used",
                        max_length=14,
                        verbose_name="kind",
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=6, max_digits=18, verbose_name="amount")),
                ("unit", models.CharField(max_length=40, verbose_name="unit")),
                ("timestamp", models.DateTimeField(verbose_name="when")),
                ("period_start", models.DateTimeField(blank=True, null=True, verbose_name="from")),
                ("period_end", models.DateTimeField(blank=True, null=True, verbose_name="to")),
                (
                    "cost",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=16, null=True, verbose_name="cost"),
                ),
                ("currency", models.CharField(blank=True, max_length=3, verbose_name="currency")),
                (
                    "moisture_fraction",
                    models.DecimalField(
                        blank=True, decimal_places=3, max_digits=4, null=True, verbose_name="moisture of the wood"
                    ),
                ),
                ("moisture_is_default", models.BooleanField(default=False, verbose_name="moisture was not stated")),
                ("factor_set", models.CharField(blank=True, max_length=40, verbose_name="set asked for")),
                (
                    "instrument",
                    models.CharField(
                        blank=True,
                        choices=[("contract", "supply contract"), ("certificate", "certificate")],
                        db_default="",
                        default="",
                        max_length=12,
                        verbose_name="contract or certificate",
                    ),
                ),
                (
                    "supplier_factor_kgco2e_per_kwh",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=12,
                        null=True,
                        verbose_name="supplier's factor (kg CO2e/kWh)",
                    ),
                ),
                (
                    "evidence",
                    models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="evidence"),
                ),
                (
                    "market_co2e_kg",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=26,
                        null=True,
                        verbose_name="CO2e by the supplier's factor (kg)",
                    ),
                ),
                (
                    "meter_restarted",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="first reading of a new or reset meter"
                    ),
                ),
                (
                    "register_digits",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="digits of a register that passed its end"
                    ),
                ),
                ("scope", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="scope")),
                (
                    "factor_amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=12,
                        max_digits=40,
                        null=True,
                        verbose_name="amount in the factor's unit",
                    ),
                ),
                (
                    "energy_gj",
                    models.DecimalField(
                        blank=True, decimal_places=6, max_digits=26, null=True, verbose_name="energy (GJ)"
                    ),
                ),
                (
                    "co2_kg",
                    models.DecimalField(
                        blank=True, decimal_places=6, max_digits=26, null=True, verbose_name="fossil CO2 (kg)"
                    ),
                ),
                (
                    "biogenic_co2_kg",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=26,
                        null=True,
                        verbose_name="biogenic CO2, outside the scopes (kg)",
                    ),
                ),
                (
                    "ch4_kg",
                    models.DecimalField(
                        blank=True, decimal_places=6, max_digits=26, null=True, verbose_name="CH4 (kg)"
                    ),
                ),
                (
                    "n2o_kg",
                    models.DecimalField(
                        blank=True, decimal_places=6, max_digits=26, null=True, verbose_name="N2O (kg)"
                    ),
                ),
                (
                    "co2e_kg",
                    models.DecimalField(
                        blank=True, decimal_places=6, max_digits=26, null=True, verbose_name="CO2e in its scope (kg)"
                    ),
                ),
                (
                    "gwp_set",
                    models.CharField(
                        blank=True,
                        choices=[("AR4", "AR4"), ("AR5", "AR5"), ("AR6", "AR6")],
                        max_length=4,
                        verbose_name="GWP set",
                    ),
                ),
                ("method_version", models.CharField(blank=True, max_length=10, verbose_name="method version")),
                (
                    "ch4_factor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="energy.emissionfactor",
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
                    "factor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="energy.emissionfactor",
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
                    "meter_from",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="energy.energyentry",
                    ),
                ),
                (
                    "meter_to",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consumption",
                        to="energy.energyentry",
                    ),
                ),
                (
                    "n2o_factor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="energy.emissionfactor",
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
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="energy_entries",
                        to="factories.emissionsource",
                        verbose_name="burned in",
                    ),
                ),
                (
                    "energy_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="energy.energytype"
                    ),
                ),
            ],
            options={
                "verbose_name": "energy entry",
                "verbose_name_plural": "energy entries",
                "ordering": ["-timestamp", "-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="EmissionFactorEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                (
                    "gas",
                    models.CharField(
                        choices=[("CO2", "CO2"), ("CH4", "CH4"), ("N2O", "N2O"), ("CO2e", "CO2e")],
                        max_length=4,
                        verbose_name="gas",
                    ),
                ),
                ("per_unit", models.CharField(max_length=12, verbose_name="per")),
                ("country", models.CharField(blank=True, max_length=2, verbose_name="country")),
                ("set_name", models.CharField(max_length=40, verbose_name="set")),
                (
                    "factor_type",
                    models.CharField(
                        choices=[
                            ("average", "average"),
                            ("OM", "operating margin"),
                            ("BM", "build margin"),
                            ("CM", "combined margin"),
                        ],
                        default="average",
                        max_length=8,
                        verbose_name="factor type",
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[("direct", "direct"), ("life-cycle", "life-cycle")],
                        default="direct",
                        max_length=10,
                        verbose_name="basis",
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="to")),
                ("version", models.PositiveSmallIntegerField(default=1, verbose_name="version")),
                ("is_default", models.BooleanField(default=False, verbose_name="used when no set is named")),
                (
                    "value",
                    models.DecimalField(decimal_places=24, max_digits=40, verbose_name="value (kg of gas per unit)"),
                ),
                ("unit", models.CharField(max_length=24, verbose_name="unit")),
                (
                    "gwp_set",
                    models.CharField(
                        blank=True,
                        choices=[("AR4", "AR4"), ("AR5", "AR5"), ("AR6", "AR6")],
                        default="",
                        max_length=4,
                        verbose_name="GWP set of the publisher",
                    ),
                ),
                (
                    "kg_per_unit",
                    models.DecimalField(
                        blank=True, decimal_places=12, max_digits=24, null=True, verbose_name="kg per unit"
                    ),
                ),
                (
                    "ncv_gj_per_t",
                    models.DecimalField(
                        blank=True,
                        decimal_places=12,
                        max_digits=24,
                        null=True,
                        verbose_name="net calorific value (GJ/t)",
                    ),
                ),
                (
                    "gj_per_unit",
                    models.DecimalField(
                        blank=True, decimal_places=20, max_digits=36, null=True, verbose_name="GJ per unit"
                    ),
                ),
                (
                    "gas_kg_per_tj",
                    models.DecimalField(
                        blank=True, decimal_places=12, max_digits=24, null=True, verbose_name="kg of gas per TJ"
                    ),
                ),
                (
                    "inherent_kg_per_unit",
                    models.DecimalField(
                        decimal_places=12, default=0, max_digits=24, verbose_name="contained in the fuel (kg/unit)"
                    ),
                ),
                ("source", models.CharField(max_length=200, verbose_name="source")),
                ("publication", models.CharField(blank=True, max_length=200, verbose_name="publication")),
                ("confidence", models.CharField(blank=True, max_length=12, verbose_name="confidence")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("loaded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "added_by",
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
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
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
                        to="energy.emissionfactor",
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
            ],
            options={"abstract": False},
        ),
        migrations.AddField(
            model_name="emissionfactor",
            name="energy_type",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="factors", to="energy.energytype"
            ),
        ),
        migrations.CreateModel(
            name="LocalUnit",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, verbose_name="name")),
                ("amount", models.DecimalField(decimal_places=6, max_digits=18, verbose_name="is how many")),
                ("unit", models.CharField(max_length=40, verbose_name="of the unit")),
                (
                    "moisture_fraction",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        max_digits=4,
                        null=True,
                        verbose_name="moisture of the wood when it was weighed",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "energy_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="local_units", to="energy.energytype"
                    ),
                ),
                (
                    "factory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="local_units", to="factories.factory"
                    ),
                ),
            ],
            options={
                "verbose_name": "local unit",
                "verbose_name_plural": "local units",
                "ordering": ["factory", "energy_type", "name"],
            },
        ),
        migrations.CreateModel(
            name="LocalUnitEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("name", models.CharField(max_length=40, verbose_name="name")),
                ("amount", models.DecimalField(decimal_places=6, max_digits=18, verbose_name="is how many")),
                ("unit", models.CharField(max_length=40, verbose_name="of the unit")),
                (
                    "moisture_fraction",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        max_digits=4,
                        null=True,
                        verbose_name="moisture of the wood when it was weighed",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
                        to="energy.localunit",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="EnergyEntryEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("note", models.CharField(blank=True, default="", max_length=300, verbose_name="note")),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("entry", "entered"),
                            ("import", "imported"),
                            ("meter", "between two meter readings"),
                            ("device", "read by a device"),
                        ],
                        default="entry",
                        max_length=6,
                    ),
                ),
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("used", "used"),
                            ("received", "received"),
                            ("stock_count", "stock count"),
                            ("meter_reading", "meter reading"),
                            ("market", "contract or certificate"),
                        ],
                        default="used",
                        max_length=14,
                        verbose_name="kind",
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=6, max_digits=18, verbose_name="amount")),
                ("unit", models.CharField(max_length=40, verbose_name="unit")),
                ("timestamp", models.DateTimeField(verbose_name="when")),
                ("period_start", models.DateTimeField(blank=True, null=True, verbose_name="from")),
                ("period_end", models.DateTimeField(blank=True, null=True, verbose_name="to")),
                (
                    "cost",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=16, null=True, verbose_name="cost"),
                ),
                ("currency", models.CharField(blank=True, max_length=3, verbose_name="currency")),
                (
                    "moisture_fraction",
                    models.DecimalField(
                        blank=True, decimal_places=3, max_digits=4, null=True, verbose_name="moisture of the wood"
                    ),
                ),
                ("moisture_is_default", models.BooleanField(default=False, verbose_name="moisture was not stated")),
                ("factor_set", models.CharField(blank=True, max_length=40, verbose_name="set asked for")),
                (
                    "instrument",
                    models.CharField(
                        blank=True,
                        choices=[("contract", "supply contract"), ("certificate", "certificate")],
                        db_default="",
                        default="",
                        max_length=12,
                        verbose_name="contract or certificate",
                    ),
                ),
                (
                    "supplier_factor_kgco2e_per_kwh",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=12,
                        null=True,
                        verbose_name="supplier's factor (kg CO2e/kWh)",
                    ),
                ),
                (
                    "evidence",
                    models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="evidence"),
                ),
                (
                    "market_co2e_kg",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=26,
                        null=True,
                        verbose_name="CO2e by the supplier's factor (kg)",
                    ),
                ),
                (
                    "meter_restarted",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="first reading of a new or reset meter"
                    ),
                ),
                (
                    "register_digits",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="digits of a register that passed its end"
                    ),
                ),
                ("scope", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="scope")),
                (
                    "factor_amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=12,
                        max_digits=40,
                        null=True,
                        verbose_name="amount in the factor's unit",
                    ),
                ),
                (
                    "energy_gj",
                    models.DecimalField(
                        blank=True, decimal_places=6, max_digits=26, null=True, verbose_name="energy (GJ)"
                    ),
                ),
                (
                    "co2_kg",
                    models.DecimalField(
                        blank=True, decimal_places=6, max_digits=26, null=True, verbose_name="fossil CO2 (kg)"
                    ),
                ),
                (
                    "biogenic_co2_kg",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=26,
                        null=True,
                        verbose_name="biogenic CO2, outside the scopes (kg)",
                    ),
                ),
                (
                    "ch4_kg",
                    models.DecimalField(
                        blank=True, decimal_places=6, max_digits=26, null=True, verbose_name="CH4 (kg)"
                    ),
                ),
                (
                    "n2o_kg",
                    models.DecimalField(
                        blank=True, decimal_places=6, max_digits=26, null=True, verbose_name="N2O (kg)"
                    ),
                ),
                (
                    "co2e_kg",
                    models.DecimalField(
                        blank=True, decimal_places=6, max_digits=26, null=True, verbose_name="CO2e in its scope (kg)"
                    ),
                ),
                (
                    "gwp_set",
                    models.CharField(
                        blank=True,
                        choices=[("AR4", "AR4"), ("AR5", "AR5"), ("AR6", "AR6")],
                        max_length=4,
                        verbose_name="GWP set",
                    ),
                ),
                ("method_version", models.CharField(blank=True, max_length=10, verbose_name="method version")),
                (
                    "ch4_factor",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="energy.emissionfactor",
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
                    "factor",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="energy.emissionfactor",
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
                    "meter_from",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="energy.energyentry",
                    ),
                ),
                (
                    "meter_to",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="energy.energyentry",
                    ),
                ),
                (
                    "n2o_factor",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="energy.emissionfactor",
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
                        to="energy.energyentry",
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
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="factories.emissionsource",
                        verbose_name="burned in",
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
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["pgh_created_at"], name="energy_history_by_time"),
                    models.Index(fields=["factory", "pgh_created_at"], name="energy_history_by_site"),
                    models.Index(
                        condition=models.Q(("pgh_label", "insert"), _negated=True),
                        fields=["pgh_created_at"],
                        name="energy_history_changed",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="energyentryevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="e5771070903b4ca823b8075122db3a027a05513d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_7e5a3",
                    table="energy_energyentryevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="energyentry",
            index=models.Index(fields=["factory", "energy_type", "period_start"], name="entry_by_factory_and_period"),
        ),
        migrations.AddIndex(
            model_name="energyentry",
            index=models.Index(fields=["factory", "timestamp"], name="entry_by_factory_and_time"),
        ),
        migrations.AddIndex(
            model_name="energyentry",
            index=models.Index(
                condition=models.Q(("kind__in", ["stock_count", "meter_reading"])),
                fields=["factory", "energy_type", "timestamp"],
                name="entry_counted_or_read",
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin__in", ["entry", "import", "meter", "device"])), name="energy_known_origin"
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_act__in", ["recorded", "corrected", "deleted", "undone"])),
                name="energy_known_act",
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
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
                name="energy_period_forward",
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("last_act__in", ["corrected", "deleted"]), _negated=True),
                    models.Q(("change_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="energy_change_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("last_act", "deleted"), _negated=True), ("deleted_at__isnull", False), _connector="OR"
                ),
                name="energy_deleted_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("client_id__isnull", False)),
                fields=("recorded_by", "client_id"),
                name="energy_client_id_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="entry_not_negative"),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["used", "received", "stock_count", "meter_reading", "market"])),
                name="entry_known_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "used"), _negated=True),
                    models.Q(("period_end__isnull", False), ("period_start__isnull", False)),
                    _connector="OR",
                ),
                name="entry_use_has_a_period",
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("biogenic_co2_kg__isnull", False),
                        ("co2e_kg__isnull", False),
                        ("factor__isnull", False),
                        ("factor_amount__isnull", False),
                        ("kind", "used"),
                        ("scope__isnull", False),
                        models.Q(("gwp_set", ""), _negated=True),
                        models.Q(("method_version", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("kind", "used"), _negated=True),
                        ("biogenic_co2_kg__isnull", True),
                        ("co2e_kg__isnull", True),
                        ("factor__isnull", True),
                        ("factor_amount__isnull", True),
                        ("scope__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="entry_use_has_results_and_others_none",
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("energy_gj__isnull", False),
                        ("instrument__in", ["contract", "certificate"]),
                        ("kind", "market"),
                        ("market_co2e_kg__isnull", False),
                        ("period_end__isnull", False),
                        ("supplier_factor_kgco2e_per_kwh__gte", 0),
                        models.Q(("evidence", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("kind", "market"), _negated=True),
                        ("evidence", ""),
                        ("instrument", ""),
                        ("market_co2e_kg", None),
                        ("supplier_factor_kgco2e_per_kwh", None),
                    ),
                    _connector="OR",
                ),
                name="entry_of_a_contract_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cost__isnull", True), ("currency", "")),
                    models.Q(("cost__gte", 0), ("cost__isnull", False), ("currency__regex", "^[A-Z]{3}$")),
                    _connector="OR",
                ),
                name="entry_cost_has_a_currency",
                violation_error_message="Give cost and currency together; the currency as three letters, like KES.",
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("moisture_fraction__isnull", True),
                    models.Q(("moisture_fraction__gte", 0), ("moisture_fraction__lte", Decimal("0.65"))),
                    _connector="OR",
                ),
                name="entry_moisture_plausible",
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "used"),
                        ("meter_from__isnull", False),
                        ("meter_to__isnull", False),
                        ("origin", "meter"),
                    ),
                    models.Q(
                        models.Q(("origin", "meter"), _negated=True),
                        ("meter_from__isnull", True),
                        ("meter_to__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="entry_of_a_meter_names_two_readings",
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("meter_restarted", False), ("register_digits__isnull", True)),
                    ("kind", "meter_reading"),
                    _connector="OR",
                ),
                name="entry_restart_is_of_a_reading",
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("deleted_at__isnull", True), ("origin", "meter")),
                deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                expressions=[("meter_from", "=")],
                name="entry_meter_span_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="energyentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True), ("origin", "import")),
                fields=("factory", "energy_type", "source", "period_start", "period_end", "number_in_period"),
                name="entry_imported_once",
                nulls_distinct=False,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="energyentry",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "energy_energyentryevent" ("amount", "biogenic_co2_kg", "ch4_factor_id", "ch4_kg", "change_reason", "changed_at", "changed_by_id", "client_id", "co2_kg", "co2e_kg", "cost", "created_at", "currency", "deleted_at", "energy_gj", "energy_type_id", "evidence", "factor_amount", "factor_id", "factor_set", "factory_id", "gwp_set", "id", "instrument", "kind", "last_act", "market_co2e_kg", "meter_from_id", "meter_restarted", "meter_to_id", "method_version", "moisture_fraction", "moisture_is_default", "n2o_factor_id", "n2o_kg", "note", "number_in_period", "origin", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_by_id", "register_digits", "request_sha256", "scope", "source_id", "supplier_factor_kgco2e_per_kwh", "timestamp", "unit", "warnings") SELECT new_values."amount", new_values."biogenic_co2_kg", new_values."ch4_factor_id", new_values."ch4_kg", new_values."change_reason", new_values."changed_at", new_values."changed_by_id", new_values."client_id", new_values."co2_kg", new_values."co2e_kg", new_values."cost", new_values."created_at", new_values."currency", new_values."deleted_at", new_values."energy_gj", new_values."energy_type_id", new_values."evidence", new_values."factor_amount", new_values."factor_id", new_values."factor_set", new_values."factory_id", new_values."gwp_set", new_values."id", new_values."instrument", new_values."kind", new_values."last_act", new_values."market_co2e_kg", new_values."meter_from_id", new_values."meter_restarted", new_values."meter_to_id", new_values."method_version", new_values."moisture_fraction", new_values."moisture_is_default", new_values."n2o_factor_id", new_values."n2o_kg", new_values."note", new_values."number_in_period", new_values."origin", new_values."period_end", new_values."period_start", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."recorded_by_id", new_values."register_digits", new_values."request_sha256", new_values."scope", new_values."source_id", new_values."supplier_factor_kgco2e_per_kwh", new_values."timestamp", new_values."unit", new_values."warnings" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="07ee44784b9e3fad015bf0be8d3ab8040ab98552",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_d6d6e",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="energy_energyentry",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="energyentry",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "energy_energyentryevent" ("amount", "biogenic_co2_kg", "ch4_factor_id", "ch4_kg", "change_reason", "changed_at", "changed_by_id", "client_id", "co2_kg", "co2e_kg", "cost", "created_at", "currency", "deleted_at", "energy_gj", "energy_type_id", "evidence", "factor_amount", "factor_id", "factor_set", "factory_id", "gwp_set", "id", "instrument", "kind", "last_act", "market_co2e_kg", "meter_from_id", "meter_restarted", "meter_to_id", "method_version", "moisture_fraction", "moisture_is_default", "n2o_factor_id", "n2o_kg", "note", "number_in_period", "origin", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_by_id", "register_digits", "request_sha256", "scope", "source_id", "supplier_factor_kgco2e_per_kwh", "timestamp", "unit", "warnings") VALUES (NEW."amount", NEW."biogenic_co2_kg", NEW."ch4_factor_id", NEW."ch4_kg", NEW."change_reason", NEW."changed_at", NEW."changed_by_id", NEW."client_id", NEW."co2_kg", NEW."co2e_kg", NEW."cost", NEW."created_at", NEW."currency", NEW."deleted_at", NEW."energy_gj", NEW."energy_type_id", NEW."evidence", NEW."factor_amount", NEW."factor_id", NEW."factor_set", NEW."factory_id", NEW."gwp_set", NEW."id", NEW."instrument", NEW."kind", NEW."last_act", NEW."market_co2e_kg", NEW."meter_from_id", NEW."meter_restarted", NEW."meter_to_id", NEW."method_version", NEW."moisture_fraction", NEW."moisture_is_default", NEW."n2o_factor_id", NEW."n2o_kg", NEW."note", NEW."number_in_period", NEW."origin", NEW."period_end", NEW."period_start", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."recorded_by_id", NEW."register_digits", NEW."request_sha256", NEW."scope", NEW."source_id", NEW."supplier_factor_kgco2e_per_kwh", NEW."timestamp", NEW."unit", NEW."warnings"); RETURN NULL;',
                    hash="11c9a6cf503005503ecd0992868e2edceb2fcbe2",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_31ea7",
                    table="energy_energyentry",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="energyentry",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "energy_energyentryevent" ("amount", "biogenic_co2_kg", "ch4_factor_id", "ch4_kg", "change_reason", "changed_at", "changed_by_id", "client_id", "co2_kg", "co2e_kg", "cost", "created_at", "currency", "deleted_at", "energy_gj", "energy_type_id", "evidence", "factor_amount", "factor_id", "factor_set", "factory_id", "gwp_set", "id", "instrument", "kind", "last_act", "market_co2e_kg", "meter_from_id", "meter_restarted", "meter_to_id", "method_version", "moisture_fraction", "moisture_is_default", "n2o_factor_id", "n2o_kg", "note", "number_in_period", "origin", "period_end", "period_start", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_by_id", "register_digits", "request_sha256", "scope", "source_id", "supplier_factor_kgco2e_per_kwh", "timestamp", "unit", "warnings") VALUES (OLD."amount", OLD."biogenic_co2_kg", OLD."ch4_factor_id", OLD."ch4_kg", OLD."change_reason", OLD."changed_at", OLD."changed_by_id", OLD."client_id", OLD."co2_kg", OLD."co2e_kg", OLD."cost", OLD."created_at", OLD."currency", OLD."deleted_at", OLD."energy_gj", OLD."energy_type_id", OLD."evidence", OLD."factor_amount", OLD."factor_id", OLD."factor_set", OLD."factory_id", OLD."gwp_set", OLD."id", OLD."instrument", OLD."kind", OLD."last_act", OLD."market_co2e_kg", OLD."meter_from_id", OLD."meter_restarted", OLD."meter_to_id", OLD."method_version", OLD."moisture_fraction", OLD."moisture_is_default", OLD."n2o_factor_id", OLD."n2o_kg", OLD."note", OLD."number_in_period", OLD."origin", OLD."period_end", OLD."period_start", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."recorded_by_id", OLD."register_digits", OLD."request_sha256", OLD."scope", OLD."source_id", OLD."supplier_factor_kgco2e_per_kwh", OLD."timestamp", OLD."unit", OLD."warnings"); RETURN NULL;',
                    hash="adcf42a4a6bde267e41700bf482fab004d2579df",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_ad0fa",
                    table="energy_energyentry",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="emissionfactorevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="12788262eff180d9977ef6fdd7e368d7675be9b7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_e5371",
                    table="energy_emissionfactorevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionfactor",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (django.db.models.functions.comparison.Coalesce("organisation", 0), "="),
                    ("energy_type", "="),
                    ("gas", "="),
                    ("per_unit", "="),
                    ("country", "="),
                    ("set_name", "="),
                    ("factor_type", "="),
                    ("basis", "="),
                    ("version", "="),
                    (
                        energy.models.DateRange(
                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                        ),
                        "&&",
                    ),
                ],
                name="one_factor_at_any_date",
                violation_error_message="A factor of this set and version exists already for this time.",
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionfactor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to__isnull", True), ("valid_from__lt", models.F("valid_to")), _connector="OR"
                ),
                name="factor_validity_forward",
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionfactor",
            constraint=models.CheckConstraint(condition=models.Q(("value__gte", 0)), name="factor_not_negative"),
        ),
        migrations.AddConstraint(
            model_name="emissionfactor",
            constraint=models.CheckConstraint(
                condition=models.Q(("gas__in", ["CO2", "CH4", "N2O", "CO2e"])), name="factor_known_gas"
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionfactor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("gas", "CO2e"), ("gwp_set__in", ["AR4", "AR5", "AR6"])),
                    models.Q(models.Q(("gas", "CO2e"), _negated=True), ("gwp_set", "")),
                    _connector="OR",
                ),
                name="factor_of_co2e_names_its_gwp_set",
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionfactor",
            constraint=models.CheckConstraint(
                condition=models.Q(("factor_type__in", ["average", "OM", "BM", "CM"])), name="factor_known_factor_type"
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionfactor",
            constraint=models.CheckConstraint(
                condition=models.Q(("basis__in", ["direct", "life-cycle"])), name="factor_known_basis"
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionfactor",
            constraint=models.CheckConstraint(
                condition=models.Q(("country", ""), ("country__regex", "^[A-Z]{2}$"), _connector="OR"),
                name="factor_country_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionfactor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kg_per_unit__isnull", True),
                    ("ncv_gj_per_t__isnull", True),
                    (
                        "gj_per_unit",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("kg_per_unit"), "*", models.F("ncv_gj_per_t")
                            ),
                            "*",
                            models.Value(
                                Decimal("0.001"), output_field=models.DecimalField(decimal_places=3, max_digits=4)
                            ),
                        ),
                    ),
                    _connector="OR",
                ),
                name="factor_energy_is_mass_times_ncv",
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionfactor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("gas_kg_per_tj__isnull", True),
                    (
                        "value",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("gj_per_unit"), "*", models.F("gas_kg_per_tj")
                                ),
                                "*",
                                models.Value(
                                    Decimal("0.001"), output_field=models.DecimalField(decimal_places=3, max_digits=4)
                                ),
                            ),
                            "+",
                            models.F("inherent_kg_per_unit"),
                        ),
                    ),
                    _connector="OR",
                ),
                name="factor_value_is_energy_times_gas",
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionfactor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_default", True), _negated=True), ("factor_type", "average"), _connector="OR"
                ),
                name="factor_default_is_an_average",
                violation_error_message="Marginal factors are for offset projects, never for an inventory.",
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionfactor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("organisation__isnull", True),
                    models.Q(("factor_type", "average"), ("is_default", False)),
                    _connector="OR",
                ),
                name="factor_of_an_organisation_is_never_default",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="emissionfactor",
            trigger=pgtrigger.compiler.Trigger(
                name="never_overwritten",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="3fcf8a390773ae30497444b4ba5a169437cd9e97",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_never_overwritten_48041",
                    table="energy_emissionfactor",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="emissionfactor",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "energy_emissionfactorevent" ("added_by_id", "basis", "confidence", "country", "energy_type_id", "factor_type", "gas", "gas_kg_per_tj", "gj_per_unit", "gwp_set", "id", "inherent_kg_per_unit", "is_default", "kg_per_unit", "loaded_at", "ncv_gj_per_t", "note", "organisation_id", "per_unit", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "publication", "set_name", "source", "unit", "valid_from", "valid_to", "value", "version") SELECT new_values."added_by_id", new_values."basis", new_values."confidence", new_values."country", new_values."energy_type_id", new_values."factor_type", new_values."gas", new_values."gas_kg_per_tj", new_values."gj_per_unit", new_values."gwp_set", new_values."id", new_values."inherent_kg_per_unit", new_values."is_default", new_values."kg_per_unit", new_values."loaded_at", new_values."ncv_gj_per_t", new_values."note", new_values."organisation_id", new_values."per_unit", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."publication", new_values."set_name", new_values."source", new_values."unit", new_values."valid_from", new_values."valid_to", new_values."value", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="02f68f6c79b9f34517d6091144504812fa07c632",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_01ccb",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="energy_emissionfactor",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="localunit",
            constraint=models.UniqueConstraint(
                models.F("factory"),
                models.F("energy_type"),
                django.db.models.functions.text.Lower("name"),
                name="local_unit_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="localunit",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="local_unit_above_zero"),
        ),
        migrations.AddConstraint(
            model_name="localunit",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", models.F("unit")), _negated=True), name="local_unit_of_another_unit"
            ),
        ),
        migrations.AddConstraint(
            model_name="localunit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("moisture_fraction__isnull", True),
                    models.Q(("moisture_fraction__gte", 0), ("moisture_fraction__lte", Decimal("0.65"))),
                    _connector="OR",
                ),
                name="local_unit_moisture_plausible",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="localunit",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "energy_localunitevent" ("amount", "created_at", "energy_type_id", "factory_id", "id", "moisture_fraction", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "unit") VALUES (NEW."amount", NEW."created_at", NEW."energy_type_id", NEW."factory_id", NEW."id", NEW."moisture_fraction", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."unit"); RETURN NULL;',
                    hash="64eb10662dcd1e22324d117fb6e585c1ac13dd91",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_6c83f",
                    table="energy_localunit",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="localunit",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "energy_localunitevent" ("amount", "created_at", "energy_type_id", "factory_id", "id", "moisture_fraction", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "unit") VALUES (NEW."amount", NEW."created_at", NEW."energy_type_id", NEW."factory_id", NEW."id", NEW."moisture_fraction", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."unit"); RETURN NULL;',
                    hash="3881d496e721548a4c32f2e6c27e11b9560c81a1",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_3b9c4",
                    table="energy_localunit",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="localunit",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "energy_localunitevent" ("amount", "created_at", "energy_type_id", "factory_id", "id", "moisture_fraction", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "unit") VALUES (OLD."amount", OLD."created_at", OLD."energy_type_id", OLD."factory_id", OLD."id", OLD."moisture_fraction", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."unit"); RETURN NULL;',
                    hash="a285aa2b945376bb9da26c31e41bfadd2544e145",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_62039",
                    table="energy_localunit",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="localunitevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f0669ce2f28c1083cf5f67635afbd7651c469e41",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_6fcee",
                    table="energy_localunitevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(
            (SQL / "0001_entry_within_factory.sql").read_text(encoding="utf-8"),
            (SQL / "0001_entry_within_factory_backward.sql").read_text(encoding="utf-8"),
        ),
    ]
