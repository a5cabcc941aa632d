"""Marks all that was written before the triggers were there."""

from django.db import migrations

FORWARD = "SELECT compliance_touch_history(ARRAY(SELECT id FROM factories_factory))"


class Migration(migrations.Migration):
    dependencies = [("compliance", "0002_touch_sites")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
