from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProductionConfig(AppConfig):
    name = "production"
    verbose_name = _("Production")

    def ready(self) -> None:
        from accounts.roles import Action
        from logbook.evidence import Subject, has_evidence
        from production.models import ProductionEntry

        rows = ProductionEntry.objects.select_related("factory").all
        has_evidence(Subject("production_entry", rows, "factory", Action.VIEW_PRODUCTION, Action.WRITE_PRODUCTION))
