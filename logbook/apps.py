from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LogbookConfig(AppConfig):
    name = "logbook"
    verbose_name = _("Log")

    def ready(self) -> None:
        from accounts.roles import Action
        from devices.models import Calibration
        from logbook.evidence import Subject, has_evidence

        rows = Calibration.objects.select_related("device__factory").all
        has_evidence(Subject("calibration", rows, "device__factory", Action.VIEW_DEVICES, Action.MANAGE_DEVICES))
