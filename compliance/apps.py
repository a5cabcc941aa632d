from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplianceConfig(AppConfig):
    name = "compliance"
    verbose_name = _("Compliance")

    def ready(self) -> None:
        from compliance.past import recorded_days
        from factories.corrections import reads_figures

        reads_figures(recorded_days)
        _with_evidence()


def _with_evidence() -> None:
    """Reports and disputes can have files as proof."""
    from accounts.roles import Action
    from compliance.models import ComplianceReport, Dispute
    from compliance.reports.queries import visible_reports
    from logbook.evidence import Subject, has_evidence

    of_reports = ComplianceReport.objects.select_related("factory").defer("content", "statement").all
    has_evidence(
        Subject("report", of_reports, "factory", Action.VIEW_REPORTS, Action.MAKE_REPORTS, allowed=visible_reports)
    )
    of_disputes = Dispute.objects.select_related("factory").all
    has_evidence(Subject("dispute", of_disputes, "factory", Action.VIEW_REPORTS, Action.DISPUTE))
