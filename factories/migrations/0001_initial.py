"""Organisations, sites, chimneys, emission sources and site events."""

from decimal import Decimal

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import factories.countries
import factories.models.places
import factories.sectors


class Migration(migrations.Migration):
    initial = True

    dependencies = [("pghistory", "0007_auto_20250421_0444"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Chimney",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="archived")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "shape",
                    models.CharField(
                        blank=True,
                        choices=[("circle", "Round"), ("rectangle", "Rectangular")],
                        default="",
                        max_length=10,
                        verbose_name="shape",
                    ),
                ),
                ("diameter_m", models.FloatField(blank=True, null=True, verbose_name="inner diameter (m)")),
                ("width_m", models.FloatField(blank=True, null=True, verbose_name="inner width (m)")),
                ("height_m", models.FloatField(blank=True, null=True, verbose_name="inner height (m)")),
                (
                    "probe_height_m",
                    models.FloatField(blank=True, null=True, verbose_name="probe height above the inlet (m)"),
                ),
                (
                    "probe_position",
                    models.CharField(
                        choices=[("axis", "one point on the axis"), ("other", "another point, or several")],
                        default="axis",
                        max_length=10,
                        verbose_name="position of the velocity probe",
                    ),
                ),
                (
                    "velocity_profile_factor",
                    models.FloatField(
                        blank=True,
                        help_text="for one point on the axis of a round duct 0.84 unless measured; for any other, stated",
                        null=True,
                        verbose_name="velocity profile factor",
                    ),
                ),
                (
                    "traverse_ms",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(
                            validators=[
                                django.core.validators.MinValueValidator(0.01),
                                django.core.validators.MaxValueValidator(40.0),
                            ]
                        ),
                        blank=True,
                        null=True,
                        size=None,
                        verbose_name="velocities of the traverse (m/s)",
                    ),
                ),
                (
                    "traverse_probe_ms",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0.01),
                            django.core.validators.MaxValueValidator(40.0),
                        ],
                        verbose_name="velocity at the probe meanwhile (m/s)",
                    ),
                ),
                (
                    "profile_factor_reason",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="where the factor comes from"
                    ),
                ),
                (
                    "moisture_method",
                    models.CharField(
                        choices=[
                            ("fuel_stoichiometric", "from the fuel burned"),
                            ("fixed", "fixed fraction"),
                            ("measured", "measured"),
                        ],
                        default="fixed",
                        max_length=20,
                        verbose_name="moisture method",
                    ),
                ),
                ("moisture_fraction", models.FloatField(default=0.13, verbose_name="water vapour fraction of the gas")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"verbose_name": "chimney", "verbose_name_plural": "chimneys", "ordering": ["factory", "name"]},
        ),
        migrations.CreateModel(
            name="Factory",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="archived")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("location", models.CharField(blank=True, max_length=120, verbose_name="place")),
                ("county", models.CharField(blank=True, max_length=80, verbose_name="county")),
                (
                    "country",
                    models.CharField(choices=factories.countries.country_choices, max_length=2, verbose_name="country"),
                ),
                (
                    "sector",
                    models.CharField(choices=factories.sectors.sector_choices, max_length=12, verbose_name="sector"),
                ),
                (
                    "altitude_m",
                    models.FloatField(
                        validators=[
                            django.core.validators.MinValueValidator(-430),
                            django.core.validators.MaxValueValidator(3500),
                        ],
                        verbose_name="altitude (m)",
                    ),
                ),
                ("altitude_is_estimated", models.BooleanField(default=True, verbose_name="altitude is an estimate")),
                (
                    "latitude",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-90),
                            django.core.validators.MaxValueValidator(90),
                        ],
                        verbose_name="latitude",
                    ),
                ),
                (
                    "longitude",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-180),
                            django.core.validators.MaxValueValidator(180),
                        ],
                        verbose_name="longitude",
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        max_length=40, validators=[factories.models.places.validate_time_zone], verbose_name="time zone"
                    ),
                ),
                (
                    "day_starts_at",
                    models.PositiveSmallIntegerField(
                        default=6,
                        validators=[django.core.validators.MaxValueValidator(23)],
                        verbose_name="factory day starts at (hour)",
                    ),
                ),
                (
                    "electricity_capacity_kw",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000000.0),
                        ],
                        verbose_name="electricity connection (kW)",
                    ),
                ),
                (
                    "product_capacity_kg_per_day",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000000000.0),
                        ],
                        verbose_name="most that can be made (kg a day)",
                    ),
                ),
                (
                    "wood_moisture_fraction",
                    models.DecimalField(
                        blank=True, decimal_places=3, max_digits=4, null=True, verbose_name="moisture of the firewood"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"verbose_name": "factory", "verbose_name_plural": "factories", "ordering": ["name"]},
        ),
        migrations.CreateModel(
            name="OrganisationEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "country",
                    models.CharField(choices=factories.countries.country_choices, max_length=2, verbose_name="country"),
                ),
                (
                    "currency",
                    models.CharField(
                        blank=True,
                        help_text="empty: that of the country",
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z]{3}\\Z", "Write the currency as three letters (ISO 4217)."
                            )
                        ],
                        verbose_name="currency",
                    ),
                ),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8),
                        blank=True,
                        default=list,
                        help_text="codes, the first one is used where a person has not chosen; empty: those of the country",
                        size=None,
                        verbose_name="languages",
                    ),
                ),
                (
                    "substitution_method",
                    models.CharField(
                        choices=[
                            ("fuel_based", "from the fuel logged"),
                            ("epa", "EPA style (40 CFR 75)"),
                            ("eu", "EU style (mean plus two sigma)"),
                        ],
                        default="fuel_based",
                        help_text="for hours that were not measured for 80 % of their operating time",
                        max_length=12,
                        verbose_name="substitution method",
                    ),
                ),
                (
                    "gwp_set",
                    models.CharField(
                        choices=[("AR4", "AR4"), ("AR5", "AR5"), ("AR6", "AR6")],
                        default="AR6",
                        max_length=4,
                        verbose_name="GWP set",
                    ),
                ),
                (
                    "factor_set",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="name of a set; it is used where it has a factor, and the default elsewhere",
                        max_length=40,
                        verbose_name="emission factors preferred",
                    ),
                ),
                (
                    "electricity_basis",
                    models.CharField(
                        blank=True,
                        choices=[("direct", "direct"), ("life-cycle", "life-cycle")],
                        default="",
                        help_text="empty: the usual factor of each country; direct and life-cycle do not add up",
                        max_length=10,
                        verbose_name="basis of electricity",
                    ),
                ),
                (
                    "publishes_names",
                    models.BooleanField(default=False, verbose_name="factories see each other's names in rankings"),
                ),
                (
                    "second_factor_required",
                    models.BooleanField(
                        default=False,
                        help_text="a passkey or an authenticator app; who has none sets one up before anything else",
                        verbose_name="HQ managers need a second step at sign-in",
                    ),
                ),
                (
                    "report_schemes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        help_text="schemes that you follow without a law: Reports shows when they are due",
                        size=None,
                        verbose_name="voluntary reports",
                    ),
                ),
                (
                    "reports_need_two_people",
                    models.BooleanField(
                        default=False,
                        help_text="another HQ manager approves it by publishing",
                        verbose_name="who signed a report does not publish it",
                    ),
                ),
                (
                    "dispute_days",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(90),
                        ],
                        verbose_name="days to answer a dispute",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="SiteEvent",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="archived")),
                ("happened_at", models.DateTimeField(verbose_name="when")),
                ("text", models.CharField(max_length=300, verbose_name="what")),
            ],
            options={"verbose_name": "site event", "verbose_name_plural": "site events", "ordering": ["-happened_at"]},
        ),
        migrations.CreateModel(
            name="SiteEventEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="archived")),
                ("happened_at", models.DateTimeField(verbose_name="when")),
                ("text", models.CharField(max_length=300, verbose_name="what")),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="EmissionSource",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("boiler", "Boiler"),
                            ("direct_fired_dryer", "Direct-fired dryer"),
                            ("steam_dryer_exhaust", "Steam dryer exhaust"),
                            ("genset", "Generator set"),
                            ("vehicle", "Vehicles"),
                            ("haul_truck", "Haul trucks and machines off the road"),
                            ("grid", "Grid electricity"),
                            ("mine_methane", "Mine methane"),
                            ("explosives", "Explosives"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("fuels", models.CharField(blank=True, max_length=200, verbose_name="fuels")),
                (
                    "capacity_kw",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000000.0),
                        ],
                        verbose_name="fuel input at full load (kW)",
                    ),
                ),
                (
                    "mine_class",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("underground_degree_1", "Underground, degree I"),
                            ("underground_degree_2", "Underground, degree II"),
                            ("underground_degree_3", "Underground, degree III"),
                            ("opencast", "Opencast"),
                        ],
                        default="",
                        max_length=24,
                        verbose_name="class of the mine",
                    ),
                ),
                (
                    "methane_per_t",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="mining and post-mining together; empty: by the class",
                        max_digits=9,
                        null=True,
                        verbose_name="the mine's own methane per t of coal",
                    ),
                ),
                (
                    "methane_unit",
                    models.CharField(
                        blank=True,
                        choices=[("m3_per_t", "m3 per t (20 °C, 1 atm)"), ("kg_per_t", "kg per t")],
                        default="",
                        max_length=10,
                        verbose_name="unit of the methane",
                    ),
                ),
                (
                    "methane_reference",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="the report or measurement, with its date",
                        max_length=200,
                        verbose_name="source of the methane",
                    ),
                ),
                (
                    "dryer_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("fluid_bed", "fluid bed"),
                            ("vibro_fluid_bed", "vibrating fluid bed"),
                            ("endless_chain", "endless chain"),
                            ("other", "another type"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="type of dryer",
                    ),
                ),
                (
                    "first_day",
                    models.DateField(
                        blank=True,
                        help_text="empty: as long as the site is known",
                        null=True,
                        verbose_name="first day in use",
                    ),
                ),
                (
                    "last_day",
                    models.DateField(blank=True, help_text="empty: in use", null=True, verbose_name="last day in use"),
                ),
                (
                    "chimney",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="emission_sources",
                        to="factories.chimney",
                    ),
                ),
                (
                    "factory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="emission_sources",
                        to="factories.factory",
                    ),
                ),
            ],
            options={
                "verbose_name": "emission source",
                "verbose_name_plural": "emission sources",
                "ordering": ["factory", "name"],
            },
        ),
        migrations.CreateModel(
            name="EmissionSourceEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("boiler", "Boiler"),
                            ("direct_fired_dryer", "Direct-fired dryer"),
                            ("steam_dryer_exhaust", "Steam dryer exhaust"),
                            ("genset", "Generator set"),
                            ("vehicle", "Vehicles"),
                            ("haul_truck", "Haul trucks and machines off the road"),
                            ("grid", "Grid electricity"),
                            ("mine_methane", "Mine methane"),
                            ("explosives", "Explosives"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("fuels", models.CharField(blank=True, max_length=200, verbose_name="fuels")),
                (
                    "capacity_kw",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000000.0),
                        ],
                        verbose_name="fuel input at full load (kW)",
                    ),
                ),
                (
                    "mine_class",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("underground_degree_1", "Underground, degree I"),
                            ("underground_degree_2", "Underground, degree II"),
                            ("underground_degree_3", "Underground, degree III"),
                            ("opencast", "Opencast"),
                        ],
                        default="",
                        max_length=24,
                        verbose_name="class of the mine",
                    ),
                ),
                (
                    "methane_per_t",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="mining and post-mining together; empty: by the class",
                        max_digits=9,
                        null=True,
                        verbose_name="the mine's own methane per t of coal",
                    ),
                ),
                (
                    "methane_unit",
                    models.CharField(
                        blank=True,
                        choices=[("m3_per_t", "m3 per t (20 °C, 1 atm)"), ("kg_per_t", "kg per t")],
                        default="",
                        max_length=10,
                        verbose_name="unit of the methane",
                    ),
                ),
                (
                    "methane_reference",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="the report or measurement, with its date",
                        max_length=200,
                        verbose_name="source of the methane",
                    ),
                ),
                (
                    "dryer_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("fluid_bed", "fluid bed"),
                            ("vibro_fluid_bed", "vibrating fluid bed"),
                            ("endless_chain", "endless chain"),
                            ("other", "another type"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="type of dryer",
                    ),
                ),
                (
                    "first_day",
                    models.DateField(
                        blank=True,
                        help_text="empty: as long as the site is known",
                        null=True,
                        verbose_name="first day in use",
                    ),
                ),
                (
                    "last_day",
                    models.DateField(blank=True, help_text="empty: in use", null=True, verbose_name="last day in use"),
                ),
                (
                    "chimney",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="factories.chimney",
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
                        to="factories.emissionsource",
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
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="ChimneyEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="archived")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "shape",
                    models.CharField(
                        blank=True,
                        choices=[("circle", "Round"), ("rectangle", "Rectangular")],
                        default="",
                        max_length=10,
                        verbose_name="shape",
                    ),
                ),
                ("diameter_m", models.FloatField(blank=True, null=True, verbose_name="inner diameter (m)")),
                ("width_m", models.FloatField(blank=True, null=True, verbose_name="inner width (m)")),
                ("height_m", models.FloatField(blank=True, null=True, verbose_name="inner height (m)")),
                (
                    "probe_height_m",
                    models.FloatField(blank=True, null=True, verbose_name="probe height above the inlet (m)"),
                ),
                (
                    "probe_position",
                    models.CharField(
                        choices=[("axis", "one point on the axis"), ("other", "another point, or several")],
                        default="axis",
                        max_length=10,
                        verbose_name="position of the velocity probe",
                    ),
                ),
                (
                    "velocity_profile_factor",
                    models.FloatField(
                        blank=True,
                        help_text="for one point on the axis of a round duct 0.84 unless measured; for any other, stated",
                        null=True,
                        verbose_name="velocity profile factor",
                    ),
                ),
                (
                    "traverse_ms",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(
                            validators=[
                                django.core.validators.MinValueValidator(0.01),
                                django.core.validators.MaxValueValidator(40.0),
                            ]
                        ),
                        blank=True,
                        null=True,
                        size=None,
                        verbose_name="velocities of the traverse (m/s)",
                    ),
                ),
                (
                    "traverse_probe_ms",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0.01),
                            django.core.validators.MaxValueValidator(40.0),
                        ],
                        verbose_name="velocity at the probe meanwhile (m/s)",
                    ),
                ),
                (
                    "profile_factor_reason",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="where the factor comes from"
                    ),
                ),
                (
                    "moisture_method",
                    models.CharField(
                        choices=[
                            ("fuel_stoichiometric", "from the fuel burned"),
                            ("fixed", "fixed fraction"),
                            ("measured", "measured"),
                        ],
                        default="fixed",
                        max_length=20,
                        verbose_name="moisture method",
                    ),
                ),
                ("moisture_fraction", models.FloatField(default=0.13, verbose_name="water vapour fraction of the gas")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
                        to="factories.chimney",
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
                        verbose_name="factory",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.AddField(
            model_name="chimney",
            name="factory",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="chimneys",
                to="factories.factory",
                verbose_name="factory",
            ),
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="name")),
                (
                    "country",
                    models.CharField(choices=factories.countries.country_choices, max_length=2, verbose_name="country"),
                ),
                (
                    "currency",
                    models.CharField(
                        blank=True,
                        help_text="empty: that of the country",
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z]{3}\\Z", "Write the currency as three letters (ISO 4217)."
                            )
                        ],
                        verbose_name="currency",
                    ),
                ),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8),
                        blank=True,
                        default=list,
                        help_text="codes, the first one is used where a person has not chosen; empty: those of the country",
                        size=None,
                        verbose_name="languages",
                    ),
                ),
                (
                    "substitution_method",
                    models.CharField(
                        choices=[
                            ("fuel_based", "from the fuel logged"),
                            ("epa", "EPA style (40 CFR 75)"),
                            ("eu", "EU style (mean plus two sigma)"),
                        ],
                        default="fuel_based",
                        help_text="for hours that were not measured for 80 % of their operating time",
                        max_length=12,
                        verbose_name="substitution method",
                    ),
                ),
                (
                    "gwp_set",
                    models.CharField(
                        choices=[("AR4", "AR4"), ("AR5", "AR5"), ("AR6", "AR6")],
                        default="AR6",
                        max_length=4,
                        verbose_name="GWP set",
                    ),
                ),
                (
                    "factor_set",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="name of a set; it is used where it has a factor, and the default elsewhere",
                        max_length=40,
                        verbose_name="emission factors preferred",
                    ),
                ),
                (
                    "electricity_basis",
                    models.CharField(
                        blank=True,
                        choices=[("direct", "direct"), ("life-cycle", "life-cycle")],
                        default="",
                        help_text="empty: the usual factor of each country; direct and life-cycle do not add up",
                        max_length=10,
                        verbose_name="basis of electricity",
                    ),
                ),
                (
                    "publishes_names",
                    models.BooleanField(default=False, verbose_name="factories see each other's names in rankings"),
                ),
                (
                    "second_factor_required",
                    models.BooleanField(
                        default=False,
                        help_text="a passkey or an authenticator app; who has none sets one up before anything else",
                        verbose_name="HQ managers need a second step at sign-in",
                    ),
                ),
                (
                    "report_schemes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        help_text="schemes that you follow without a law: Reports shows when they are due",
                        size=None,
                        verbose_name="voluntary reports",
                    ),
                ),
                (
                    "reports_need_two_people",
                    models.BooleanField(
                        default=False,
                        help_text="another HQ manager approves it by publishing",
                        verbose_name="who signed a report does not publish it",
                    ),
                ),
                (
                    "dispute_days",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(90),
                        ],
                        verbose_name="days to answer a dispute",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name": "organisation",
                "verbose_name_plural": "organisations",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("country__regex", "^[A-Z]{2}$")), name="organisation_country_code"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")), name="organisation_currency_code"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FactoryEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.IntegerField()),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="archived")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("location", models.CharField(blank=True, max_length=120, verbose_name="place")),
                ("county", models.CharField(blank=True, max_length=80, verbose_name="county")),
                (
                    "country",
                    models.CharField(choices=factories.countries.country_choices, max_length=2, verbose_name="country"),
                ),
                (
                    "sector",
                    models.CharField(choices=factories.sectors.sector_choices, max_length=12, verbose_name="sector"),
                ),
                (
                    "altitude_m",
                    models.FloatField(
                        validators=[
                            django.core.validators.MinValueValidator(-430),
                            django.core.validators.MaxValueValidator(3500),
                        ],
                        verbose_name="altitude (m)",
                    ),
                ),
                ("altitude_is_estimated", models.BooleanField(default=True, verbose_name="altitude is an estimate")),
                (
                    "latitude",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-90),
                            django.core.validators.MaxValueValidator(90),
                        ],
                        verbose_name="latitude",
                    ),
                ),
                (
                    "longitude",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-180),
                            django.core.validators.MaxValueValidator(180),
                        ],
                        verbose_name="longitude",
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        max_length=40, validators=[factories.models.places.validate_time_zone], verbose_name="time zone"
                    ),
                ),
                (
                    "day_starts_at",
                    models.PositiveSmallIntegerField(
                        default=6,
                        validators=[django.core.validators.MaxValueValidator(23)],
                        verbose_name="factory day starts at (hour)",
                    ),
                ),
                (
                    "electricity_capacity_kw",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000000.0),
                        ],
                        verbose_name="electricity connection (kW)",
                    ),
                ),
                (
                    "product_capacity_kg_per_day",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000000000.0),
                        ],
                        verbose_name="most that can be made (kg a day)",
                    ),
                ),
                (
                    "wood_moisture_fraction",
                    models.DecimalField(
                        blank=True, decimal_places=3, max_digits=4, null=True, verbose_name="moisture of the firewood"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
                        verbose_name="organisation",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.AddField(
            model_name="factory",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="factories",
                to="factories.organisation",
                verbose_name="organisation",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="organisation",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "factories_organisationevent" ("country", "created_at", "currency", "dispute_days", "electricity_basis", "factor_set", "gwp_set", "id", "languages", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "publishes_names", "report_schemes", "reports_need_two_people", "second_factor_required", "substitution_method") VALUES (NEW."country", NEW."created_at", NEW."currency", NEW."dispute_days", NEW."electricity_basis", NEW."factor_set", NEW."gwp_set", NEW."id", NEW."languages", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."publishes_names", NEW."report_schemes", NEW."reports_need_two_people", NEW."second_factor_required", NEW."substitution_method"); RETURN NULL;',
                    hash="00e7e00ee642191431149fbe1413f36da753f2ea",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_b1a8b",
                    table="factories_organisation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="organisation",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "factories_organisationevent" ("country", "created_at", "currency", "dispute_days", "electricity_basis", "factor_set", "gwp_set", "id", "languages", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "publishes_names", "report_schemes", "reports_need_two_people", "second_factor_required", "substitution_method") VALUES (NEW."country", NEW."created_at", NEW."currency", NEW."dispute_days", NEW."electricity_basis", NEW."factor_set", NEW."gwp_set", NEW."id", NEW."languages", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."publishes_names", NEW."report_schemes", NEW."reports_need_two_people", NEW."second_factor_required", NEW."substitution_method"); RETURN NULL;',
                    hash="8329c959aad000f2968170d43021ea40a12830ca",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_7f158",
                    table="factories_organisation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="organisation",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "factories_organisationevent" ("country", "created_at", "currency", "dispute_days", "electricity_basis", "factor_set", "gwp_set", "id", "languages", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "publishes_names", "report_schemes", "reports_need_two_people", "second_factor_required", "substitution_method") VALUES (OLD."country", OLD."created_at", OLD."currency", OLD."dispute_days", OLD."electricity_basis", OLD."factor_set", OLD."gwp_set", OLD."id", OLD."languages", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."publishes_names", OLD."report_schemes", OLD."reports_need_two_people", OLD."second_factor_required", OLD."substitution_method"); RETURN NULL;',
                    hash="61feb77b137bce2eb0398e6e2b231e6ab4d28291",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_1bc15",
                    table="factories_organisation",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="organisationevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="organisationevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="factories.organisation",
            ),
        ),
        migrations.AddField(
            model_name="siteevent",
            name="factory",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="site_events", to="factories.factory"
            ),
        ),
        migrations.AddField(
            model_name="siteevent",
            name="recorded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="siteeventevent",
            name="factory",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="factories.factory",
            ),
        ),
        migrations.AddField(
            model_name="siteeventevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="siteeventevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="factories.siteevent",
            ),
        ),
        migrations.AddField(
            model_name="siteeventevent",
            name="recorded_by",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="emissionsourceevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="75e0aeec7c7f5a130c608f365f4b2f347246ef96",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_e4a66",
                    table="factories_emissionsourceevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionsource",
            constraint=models.UniqueConstraint(
                condition=models.Q(("last_day", None)), fields=("factory", "name"), name="emission_source_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionsource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("methane_per_t", None), ("methane_reference", ""), ("methane_unit", "")),
                    models.Q(
                        ("kind", "mine_methane"),
                        ("methane_per_t__gt", 0),
                        ("methane_unit__in", ["m3_per_t", "kg_per_t"]),
                        models.Q(("methane_reference", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="emission_source_own_methane_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionsource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("dryer_type", ""), ("kind__in", ["direct_fired_dryer", "steam_dryer_exhaust"]), _connector="OR"
                ),
                name="emission_source_dryer_type_of_dryer",
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionsource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "mine_class__in",
                        ["", "underground_degree_1", "underground_degree_2", "underground_degree_3", "opencast"],
                    )
                ),
                name="emission_source_known_mine_class",
            ),
        ),
        migrations.AddConstraint(
            model_name="emissionsource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("first_day__isnull", True),
                    ("last_day__isnull", True),
                    ("first_day__lte", models.F("last_day")),
                    _connector="OR",
                ),
                name="emission_source_days_forward",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="emissionsource",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "factories_emissionsourceevent" ("capacity_kw", "chimney_id", "dryer_type", "factory_id", "first_day", "fuels", "id", "kind", "last_day", "methane_per_t", "methane_reference", "methane_unit", "mine_class", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."capacity_kw", NEW."chimney_id", NEW."dryer_type", NEW."factory_id", NEW."first_day", NEW."fuels", NEW."id", NEW."kind", NEW."last_day", NEW."methane_per_t", NEW."methane_reference", NEW."methane_unit", NEW."mine_class", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id"); RETURN NULL;',
                    hash="beed46220777a915182bf7e3296d9c10328bfcf7",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_e5245",
                    table="factories_emissionsource",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="emissionsource",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "factories_emissionsourceevent" ("capacity_kw", "chimney_id", "dryer_type", "factory_id", "first_day", "fuels", "id", "kind", "last_day", "methane_per_t", "methane_reference", "methane_unit", "mine_class", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."capacity_kw", NEW."chimney_id", NEW."dryer_type", NEW."factory_id", NEW."first_day", NEW."fuels", NEW."id", NEW."kind", NEW."last_day", NEW."methane_per_t", NEW."methane_reference", NEW."methane_unit", NEW."mine_class", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id"); RETURN NULL;',
                    hash="dd37104eb79b28c4d837cebc56e19c05f880a996",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_ffd93",
                    table="factories_emissionsource",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="emissionsource",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "factories_emissionsourceevent" ("capacity_kw", "chimney_id", "dryer_type", "factory_id", "first_day", "fuels", "id", "kind", "last_day", "methane_per_t", "methane_reference", "methane_unit", "mine_class", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."capacity_kw", OLD."chimney_id", OLD."dryer_type", OLD."factory_id", OLD."first_day", OLD."fuels", OLD."id", OLD."kind", OLD."last_day", OLD."methane_per_t", OLD."methane_reference", OLD."methane_unit", OLD."mine_class", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id"); RETURN NULL;',
                    hash="4605e9f855ad5d0e09f2d22254671f370b153e8a",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_85e95",
                    table="factories_emissionsource",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="chimneyevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="bd1d7aa593b6252d46588d4aba8772cf22edda2a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_7f63a",
                    table="factories_chimneyevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="chimney",
            constraint=models.UniqueConstraint(fields=("factory", "name"), name="chimney_name_once"),
        ),
        migrations.AddConstraint(
            model_name="chimney",
            constraint=models.UniqueConstraint(fields=("id", "factory"), name="chimney_of_factory"),
        ),
        migrations.AddConstraint(
            model_name="chimney",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("diameter_m__isnull", True),
                        ("height_m__isnull", True),
                        ("shape", ""),
                        ("width_m__isnull", True),
                    ),
                    models.Q(
                        ("diameter_m__gt", 0),
                        ("diameter_m__isnull", False),
                        ("diameter_m__lte", 5.0),
                        ("height_m__isnull", True),
                        ("shape", "circle"),
                        ("width_m__isnull", True),
                    ),
                    models.Q(
                        ("diameter_m__isnull", True),
                        ("height_m__gt", 0),
                        ("height_m__isnull", False),
                        ("height_m__lte", 5.0),
                        ("shape", "rectangle"),
                        ("width_m__gt", 0),
                        ("width_m__isnull", False),
                        ("width_m__lte", 5.0),
                    ),
                    _connector="OR",
                ),
                name="chimney_dimensions_fit_shape",
            ),
        ),
        migrations.AddConstraint(
            model_name="chimney",
            constraint=models.CheckConstraint(
                condition=models.Q(("shape", ""), ("velocity_profile_factor__isnull", False), _connector="OR"),
                name="chimney_profile_factor_stated",
            ),
        ),
        migrations.AddConstraint(
            model_name="chimney",
            constraint=models.CheckConstraint(
                condition=models.Q(("velocity_profile_factor__gte", 0.5), ("velocity_profile_factor__lte", 1.2)),
                name="chimney_profile_factor_plausible",
            ),
        ),
        migrations.AddConstraint(
            model_name="chimney",
            constraint=models.CheckConstraint(
                condition=models.Q(("moisture_fraction__gte", 0), ("moisture_fraction__lte", 0.5)),
                name="chimney_moisture_fraction_plausible",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="chimney",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "factories_chimneyevent" ("archived_at", "created_at", "diameter_m", "factory_id", "height_m", "id", "moisture_fraction", "moisture_method", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "probe_height_m", "probe_position", "profile_factor_reason", "shape", "traverse_ms", "traverse_probe_ms", "velocity_profile_factor", "width_m") VALUES (NEW."archived_at", NEW."created_at", NEW."diameter_m", NEW."factory_id", NEW."height_m", NEW."id", NEW."moisture_fraction", NEW."moisture_method", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."probe_height_m", NEW."probe_position", NEW."profile_factor_reason", NEW."shape", NEW."traverse_ms", NEW."traverse_probe_ms", NEW."velocity_profile_factor", NEW."width_m"); RETURN NULL;',
                    hash="709a27220d0e4754e3a7826d8ebc5b0f5d93fffa",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_6eac2",
                    table="factories_chimney",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="chimney",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "factories_chimneyevent" ("archived_at", "created_at", "diameter_m", "factory_id", "height_m", "id", "moisture_fraction", "moisture_method", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "probe_height_m", "probe_position", "profile_factor_reason", "shape", "traverse_ms", "traverse_probe_ms", "velocity_profile_factor", "width_m") VALUES (NEW."archived_at", NEW."created_at", NEW."diameter_m", NEW."factory_id", NEW."height_m", NEW."id", NEW."moisture_fraction", NEW."moisture_method", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."probe_height_m", NEW."probe_position", NEW."profile_factor_reason", NEW."shape", NEW."traverse_ms", NEW."traverse_probe_ms", NEW."velocity_profile_factor", NEW."width_m"); RETURN NULL;',
                    hash="638bb6763208a603806121e2457eec215b7330e7",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_28683",
                    table="factories_chimney",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="chimney",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "factories_chimneyevent" ("archived_at", "created_at", "diameter_m", "factory_id", "height_m", "id", "moisture_fraction", "moisture_method", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "probe_height_m", "probe_position", "profile_factor_reason", "shape", "traverse_ms", "traverse_probe_ms", "velocity_profile_factor", "width_m") VALUES (OLD."archived_at", OLD."created_at", OLD."diameter_m", OLD."factory_id", OLD."height_m", OLD."id", OLD."moisture_fraction", OLD."moisture_method", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."probe_height_m", OLD."probe_position", OLD."profile_factor_reason", OLD."shape", OLD."traverse_ms", OLD."traverse_probe_ms", OLD."velocity_profile_factor", OLD."width_m"); RETURN NULL;',
                    hash="9259a4e35a6442e245cdb658b0036d51d5e8224c",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_6e943",
                    table="factories_chimney",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="factoryevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="03480027de19e1b7411f27b3838be055c12cd24f",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_a71b9",
                    table="factories_factoryevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="factory",
            constraint=models.UniqueConstraint(fields=("organisation", "name"), name="factory_name_once"),
        ),
        migrations.AddConstraint(
            model_name="factory",
            constraint=models.CheckConstraint(
                condition=models.Q(("country__regex", "^[A-Z]{2}$")), name="factory_country_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="factory",
            constraint=models.CheckConstraint(
                condition=models.Q(("day_starts_at__lte", 23)), name="factory_day_starts_at_hour"
            ),
        ),
        migrations.AddConstraint(
            model_name="factory",
            constraint=models.CheckConstraint(
                condition=models.Q(("altitude_m__gte", -430), ("altitude_m__lte", 3500)),
                name="factory_altitude_on_earth",
            ),
        ),
        migrations.AddConstraint(
            model_name="factory",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("wood_moisture_fraction__isnull", True),
                    models.Q(("wood_moisture_fraction__gte", 0), ("wood_moisture_fraction__lte", Decimal("0.65"))),
                    _connector="OR",
                ),
                name="factory_wood_moisture_plausible",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="factory",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "factories_factoryevent" ("altitude_is_estimated", "altitude_m", "archived_at", "country", "county", "created_at", "day_starts_at", "electricity_capacity_kw", "id", "latitude", "location", "longitude", "name", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_capacity_kg_per_day", "sector", "time_zone", "wood_moisture_fraction") VALUES (NEW."altitude_is_estimated", NEW."altitude_m", NEW."archived_at", NEW."country", NEW."county", NEW."created_at", NEW."day_starts_at", NEW."electricity_capacity_kw", NEW."id", NEW."latitude", NEW."location", NEW."longitude", NEW."name", NEW."organisation_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_capacity_kg_per_day", NEW."sector", NEW."time_zone", NEW."wood_moisture_fraction"); RETURN NULL;',
                    hash="07c757667f143f8fb71671f988e90682372151c4",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_695a8",
                    table="factories_factory",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="factory",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "factories_factoryevent" ("altitude_is_estimated", "altitude_m", "archived_at", "country", "county", "created_at", "day_starts_at", "electricity_capacity_kw", "id", "latitude", "location", "longitude", "name", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_capacity_kg_per_day", "sector", "time_zone", "wood_moisture_fraction") VALUES (NEW."altitude_is_estimated", NEW."altitude_m", NEW."archived_at", NEW."country", NEW."county", NEW."created_at", NEW."day_starts_at", NEW."electricity_capacity_kw", NEW."id", NEW."latitude", NEW."location", NEW."longitude", NEW."name", NEW."organisation_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_capacity_kg_per_day", NEW."sector", NEW."time_zone", NEW."wood_moisture_fraction"); RETURN NULL;',
                    hash="b755c63c712d63e781eba96a5f2861f4f4109177",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_a655b",
                    table="factories_factory",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="factory",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "factories_factoryevent" ("altitude_is_estimated", "altitude_m", "archived_at", "country", "county", "created_at", "day_starts_at", "electricity_capacity_kw", "id", "latitude", "location", "longitude", "name", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_capacity_kg_per_day", "sector", "time_zone", "wood_moisture_fraction") VALUES (OLD."altitude_is_estimated", OLD."altitude_m", OLD."archived_at", OLD."country", OLD."county", OLD."created_at", OLD."day_starts_at", OLD."electricity_capacity_kw", OLD."id", OLD."latitude", OLD."location", OLD."longitude", OLD."name", OLD."organisation_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_capacity_kg_per_day", OLD."sector", OLD."time_zone", OLD."wood_moisture_fraction"); RETURN NULL;',
                    hash="4fc628cb69825086dd9f4be2198810fc4130dd2e",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_d399a",
                    table="factories_factory",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="organisationevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="5677ae20c7024e89dfd911840c80416325d7ebc5",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_c0ac9",
                    table="factories_organisationevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="siteevent",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "factories_siteeventevent" ("archived_at", "factory_id", "happened_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_by_id", "text") VALUES (NEW."archived_at", NEW."factory_id", NEW."happened_at", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."recorded_by_id", NEW."text"); RETURN NULL;',
                    hash="eedd819f34081955f7a988804787023a5e79b034",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_edd10",
                    table="factories_siteevent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="siteevent",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "factories_siteeventevent" ("archived_at", "factory_id", "happened_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_by_id", "text") VALUES (NEW."archived_at", NEW."factory_id", NEW."happened_at", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."recorded_by_id", NEW."text"); RETURN NULL;',
                    hash="6431ee3a1d3e5368d09b5644244ff0a015c2b754",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_8abcf",
                    table="factories_siteevent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="siteevent",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "factories_siteeventevent" ("archived_at", "factory_id", "happened_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recorded_by_id", "text") VALUES (OLD."archived_at", OLD."factory_id", OLD."happened_at", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."recorded_by_id", OLD."text"); RETURN NULL;',
                    hash="6a582334751edf761695066daa5a7b50b9e1b1c1",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_fdc0e",
                    table="factories_siteevent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="siteeventevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="8a52c1de7ab3d0d8f939a628f0f3c5ad59c8a47c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_a5c73",
                    table="factories_siteeventevent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
