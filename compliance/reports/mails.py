"""Mails of published reports to the addresses that an organisation names: at once, or on a day of each month.

Each mail has the digest and a link that verifies it. The outcome of each is stored: sent, or failed after some tries.
Only reports that are published after the recipient was added go out, and only while they are in force.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from compliance.models import ComplianceReport, ReportMail, ReportRecipient, ReportState
from compliance.models.reports import MailState
from compliance.reports.files import file_of
from compliance.schemes import schemes

logger = logging.getLogger(__name__)

LARGEST_TRIES, FIRST_PAUSE = (
    6,
    timedelta(minutes=5),
)  # the last try is after about three hours: 5 + 10 + 20 + 40 + 80 minutes
MOST_AT_ONCE = 200


def send_reports() -> None:
    """The job: note what is to be mailed, then mail what is due."""
    now = timezone.now()
    for recipient in ReportRecipient.objects.filter(unsubscribed_at=None).select_related("organisation"):
        if recipient.day_of_month in (0, now.day):
            note_mails(recipient, now)
    for _number in range(MOST_AT_ONCE):
        if not _send_next():
            return


def note_mails(recipient: ReportRecipient, now: datetime) -> None:
    reports = ComplianceReport.objects.filter(
        Q(scheme=recipient.scheme) if recipient.scheme else Q(),
        organisation=recipient.organisation_id,
        state=ReportState.PUBLISHED,
        published_at__gte=recipient.created_at,
    ).exclude(mails__recipient=recipient)
    new = [ReportMail(recipient=recipient, report=report, due_at=now) for report in reports.only("pk")]
    ReportMail.objects.bulk_create(new, ignore_conflicts=True)


def _send_next() -> bool:
    mail = _claimed(timezone.now())
    if mail is None:
        return False
    try:
        message_of(mail).send()
    except OSError as error:  # which those of smtplib are
        mail.error = type(error).__name__
        logger.warning("mail %d of a report failed at try %d: %s", mail.pk, mail.tries, mail.error)
    else:
        mail.state, mail.sent_at, mail.error = MailState.SENT, timezone.now(), ""
    mail.save()
    return True


@transaction.atomic
def _claimed(now: datetime) -> ReportMail | None:
    """The next mail, counted as tried and due again after a pause before it is sent.

    So no other worker sends it meanwhile, and one that cannot be printed holds up no other. What waits is not sent to
    who has left, nor when its report was superseded.
    """
    waiting = {"state": MailState.WAITING, "recipient__unsubscribed_at": None, "report__state": ReportState.PUBLISHED}
    due = ReportMail.objects.filter(due_at__lte=now, **waiting).select_for_update(skip_locked=True, of=("self",))
    mail = due.order_by("due_at", "pk").first()
    if mail is not None:
        mail.tries += 1
        mail.due_at = now + FIRST_PAUSE * 2 ** (mail.tries - 1)
        if mail.tries >= LARGEST_TRIES:
            mail.state = MailState.FAILED
        mail.save()
    return mail


def message_of(mail: ReportMail) -> EmailMessage:
    recipient, report = mail.recipient, mail.report
    with translation.override(report.language):
        title = str(schemes()[report.scheme].title) if report.scheme in schemes() else report.scheme
        values = {
            "title": title,
            "place": report.place,
            "first": report.period_start,
            "last": report.period_end,
            "digest": report.digest,
            "link": f"{settings.PUBLIC_URL}{reverse('report-verify')}?digest={report.digest}",
            "leave": f"{settings.PUBLIC_URL}{reverse('report-unsubscribe', args=[recipient.token])}",
        }
        subject = _("%(title)s: %(place)s, %(first)s to %(last)s") % values
        lines = [
            _("%(place)s has published a report: %(title)s, %(first)s to %(last)s.") % values,
            "",
            _("Check it here: %(link)s") % values,
            _("Its digest (SHA-256): %(digest)s") % values,
            "",
            _("No more such mails: %(leave)s") % values,
        ]
        body = "\n".join(lines)
        if report.is_simulated:
            mark = _("SIMULATED DATA - not the real factory")
            subject, body = f"{mark}: {subject}", f"{mark}\n\n{body}"
        headers = {"List-Unsubscribe": f"<{values['leave']}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        message = EmailMessage(" ".join(subject.split()), body, None, [recipient.email], headers=headers)
        if recipient.attaches_pdf:
            file = file_of(report, "pdf")
            message.attach(file.name, file.data, file.content_type)
    return message
