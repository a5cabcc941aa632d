"""Database triggers that mark which days of which site have to be made anew, whoever wrote what they come from."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0001_site_days"),
        ("devices", "0003_assignment_within_factory"),
        ("emissions", "0002_emission_partitioned"),
        ("energy", "0002_entry_within_factory"),
        ("factories", "0002_mine_class"),
    ]

    operations = [
        migrations.RunSQL(
            (SQL / "0002_touch_sites.sql").read_text(encoding="utf-8"),
            (SQL / "0002_touch_sites_backward.sql").read_text(encoding="utf-8"),
        )
    ]
