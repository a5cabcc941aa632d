import logging
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)


def _load_factors(apps: Any = installed_apps, **_kwargs: object) -> None:
    try:
        apps.get_model("energy", "EmissionFactor")
    except LookupError:  # migrated back to before there were factors
        return
    from energy.loading import load

    held = load(hold_versions=True).held
    if held:
        logger.warning("%d changed factors wait: manage.py load_factors shows what they make of each site", held)


class EnergyConfig(AppConfig):
    name = "energy"
    verbose_name = _("Energy")

    def ready(self) -> None:
        # The factor table changes between releases, so it cannot be in a frozen migration.
        post_migrate.connect(_load_factors, sender=self)
        from accounts.roles import Action
        from energy.models import EnergyEntry
        from logbook.evidence import Subject, has_evidence

        rows = EnergyEntry.objects.select_related("factory").all
        has_evidence(Subject("energy_entry", rows, "factory", Action.VIEW_ENERGY, Action.WRITE_ENERGY))
