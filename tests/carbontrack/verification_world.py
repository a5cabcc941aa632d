"""Rows that the examples of verification, links and disputes speak of; for `api_world.py`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.roles import Role
from compliance.models import AuditFinding, ComplianceReport
from compliance.verification import disputes, links, room
from factories.models import Factory
from tests import make
from tests.cast import with_token

if TYPE_CHECKING:
    from tests.carbontrack.api_world import World


def add_verification(world: World, factory: Factory, published: Callable[[], int]) -> None:
    auditor = make.make_user()
    make.make_membership(user=auditor, role=Role.AUDITOR, organisation=factory.organisation)
    verifies = [f"compliance_verification_{act}" for act in ("create", "partial_update", "sample_create")]
    verifies += [f"compliance_verification_{act}_create" for act in ("opinion", "findings", "findings_close")]
    world.people |= dict.fromkeys(verifies, auditor)
    world.clients |= dict.fromkeys(verifies, with_token(make.make_token(auditor)))

    def verified(*, has_finding: bool = False) -> int:
        report = ComplianceReport.objects.get(pk=published())
        room.open_room(auditor, report)
        room.draw_sample(auditor, report, size=1)
        if has_finding:
            room.find(auditor, report, "The bill is missing.")
        return report.pk

    def link() -> int:
        report = ComplianceReport.objects.order_by("pk").last() or ComplianceReport.objects.get(pk=published())
        return links.share(world.hq, report, "Buyer", 30)[0].pk

    def dispute() -> int:
        period = timezone.now() - timedelta(days=2), timezone.now() - timedelta(days=1)
        return disputes.contest(make.make_user(), factory, "place", period, "We logged every day.").pk

    world.path_values |= {
        "compliance/{id}/verification": {"id": verified},
        "compliance/{id}/verification/findings/{finding_id}": {
            "id": partial(verified, has_finding=True),
            "finding_id": lambda: AuditFinding.objects.latest("pk").pk,
        },
        "compliance/{id}/links": {"id": published, "link_id": link},
        "disputes": {"id": dispute},
    }
    world.before |= {"compliance_links_list": link, "disputes_list": dispute}
