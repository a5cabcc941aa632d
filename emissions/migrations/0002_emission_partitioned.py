"""The readings table: partitioned in the database, an ordinary model to Django."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

import emissions.fields

SQL = (Path(__file__).parent / "sql" / "0002_emission_partitioned.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("emissions", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(SQL, "DROP TABLE emissions_emission")],
            state_operations=[
                migrations.CreateModel(
                    name="Emission",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "device",
                                "timestamp",
                                "stream",
                                "seq",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("timestamp", models.DateTimeField()),
                        ("received_at", models.DateTimeField()),
                        ("stream", models.IntegerField()),
                        ("seq", models.IntegerField()),
                        ("seq_from", models.IntegerField(null=True)),
                        ("co2_ppm", emissions.fields.RealField(null=True)),
                        ("temperature_c", emissions.fields.RealField(null=True)),
                        ("velocity_ms", emissions.fields.RealField(null=True)),
                        ("pressure_pa", emissions.fields.RealField(null=True)),
                        ("dp_pa", emissions.fields.RealField(null=True)),
                        ("cell_temperature_c", emissions.fields.RealField(null=True)),
                        ("cell_pressure_pa", emissions.fields.RealField(null=True)),
                        ("humidity_pct", emissions.fields.RealField(null=True)),
                        ("o2_pct", emissions.fields.RealField(null=True)),
                        ("ch4_ppm", emissions.fields.RealField(null=True)),
                        ("interval_s", emissions.fields.RealField()),
                        ("span_s", emissions.fields.RealField(null=True)),
                        ("n", models.SmallIntegerField(null=True)),
                        ("flags", models.SmallIntegerField(default=0)),
                        (
                            "device",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="devices.mcudevice",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "reading",
                        "verbose_name_plural": "readings",
                        "db_table": "emissions_emission",
                    },
                )
            ],
        )
    ]
