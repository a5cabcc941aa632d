"""Without a sign-in: verify a report, read the public keys, and leave the mails of an organisation."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import public_page
from compliance.models import ReportRecipient, SigningKey
from compliance.reports.verify import VerifiedAs, verify_digest, verify_file

LARGEST_FILE_BYTES = 20 * 1024 * 1024
SENTENCES = {
    VerifiedAs.VALID: _("Valid: this is the published report, unchanged, and it is in force."),
    VerifiedAs.SUPERSEDED: _("Unchanged, but superseded: a later version is in force."),
    VerifiedAs.UNKNOWN_DIGEST: _("Not valid: it was changed, was never published, or is from another installation."),
    VerifiedAs.NOT_A_REPORT: _("This is not the JSON file of a report. Other formats show the digest: type it in."),
    VerifiedAs.BROKEN_SIGNATURE: _("Not valid: what this installation stores was changed. Tell its operator."),
}


class VerifyForm(forms.Form):
    file = forms.FileField(label=_("JSON file of the report"), required=False)
    digest = forms.CharField(label=_("or its digest (SHA-256)"), required=False, max_length=100)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        file = given.get("file")
        if file and file.size > LARGEST_FILE_BYTES:
            self.add_error("file", _("The file is larger than 20 MB, and no report is."))
        elif not file and not given.get("digest") and not self.errors:
            self.add_error("digest", _("Choose a file, or type the digest."))
        return given


@public_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report_verify(request: HttpRequest) -> HttpResponseBase:
    """GET with `digest`, or POST with the file. It shows no figure of the report."""
    found = None
    is_post = request.method == "POST"
    form = VerifyForm(request.POST if is_post else request.GET or None, request.FILES if is_post else None)
    if form.is_bound and form.is_valid():
        file = form.cleaned_data.get("file")
        found = verify_file(file.read()) if file else verify_digest(form.cleaned_data["digest"])
    context = {"form": form, "found": found, "sentence": SENTENCES[found.outcome] if found else ""}
    return render(request, "portal/report_verify.html", context)


@public_page
@require_GET
def report_keys(request: HttpRequest) -> HttpResponseBase:
    """The public keys of this installation, the one in use first: Ed25519, hexadecimal."""
    rows = SigningKey.objects.order_by("-pk")
    keys = [{"algorithm": "Ed25519", "public_key": row.public_key, "since": row.created_at} for row in rows]
    return JsonResponse({"keys": keys})


@csrf_exempt  # mail programs post the one click of RFC 8058 without a form of ours; the token is the right
@public_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report_unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Opening it changes nothing, since mail programs open links for a preview."""
    recipient = get_object_or_404(ReportRecipient.objects.select_related("organisation"), token=token)
    if request.method == "POST" and recipient.unsubscribed_at is None:
        recipient.unsubscribed_at = timezone.now()
        recipient.save(update_fields=["unsubscribed_at"])
    return render(request, "portal/report_unsubscribe.html", {"recipient": recipient})
