"""Go / no-go on the phone of an installer, and the page of a run with its certificate."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import may, page, require, user_of
from accounts.roles import Action
from devices.choices import CheckState, GoVerdict
from devices.go_no_go import CheckLine
from devices.queries import device_of
from mqtt_ingest.go_no_go import act, look
from mqtt_ingest.go_no_go_api import certificate_url, pdf_response, run_of

FORMS = {CheckState.PASS: "fine", CheckState.WAIT: "look", CheckState.FAIL: "act", CheckState.NOT_TESTED: "unknown"}
VERDICT_FORMS = {GoVerdict.GO: "fine", GoVerdict.NOT_YET: "look", GoVerdict.NO_GO: "act"}


@require_http_methods(["GET", "POST"])
@page(Action.USE_PORTAL)
def go_no_go(request: HttpRequest, device_id: str) -> HttpResponse:
    """POST `act`: start, leak, plug, finish. `?part=1` is what the page loads again every two seconds."""
    device = device_of(request.user, device_id, Action.VIEW_DEVICES)
    problems = list[str]()
    if request.method == "POST":
        require(request.user, Action.MANAGE_DEVICES, device.factory)
        try:
            run = act(device, request.POST.get("act", ""), user_of(request), lambda: certificate_url(request, device))
        except ValidationError as error:
            problems = list(error.messages)
        else:
            if run.ended_at:
                return redirect("go-no-go-run", device_id, run.pk)
            return redirect("go-no-go", device_id)
    seen = look(device, timezone.now())
    context = {
        "device": device,
        "run": seen.run,
        "words": seen.result.words,
        "form": VERDICT_FORMS[seen.result.verdict],
        "rows": _rows(seen.result.lines),
        "runs": [(one, VERDICT_FORMS[GoVerdict(one.verdict)]) for one in seen.runs],
        "problems": problems,
        "may_manage": may(request.user, Action.MANAGE_DEVICES, device.factory),
    }
    with timezone.override(device.factory.zone):
        template = "portal/_go_no_go_lines.html" if "part" in request.GET else "portal/go_no_go.html"
        return render(request, template, context)


def _rows(lines: Iterable[CheckLine]) -> list[tuple[CheckLine, str, str]]:
    return [(line, FORMS[CheckState(line.state)], str(CheckState(line.state).label)) for line in lines]


@require_GET
@page(Action.USE_PORTAL)
def go_no_go_run(request: HttpRequest, device_id: str, pk: int) -> HttpResponse:
    """An ended run, as it was; `?as=pdf` is its certificate as issued."""
    run = run_of(request.user, device_id, pk)
    certificate = getattr(run, "certificate", None)
    if request.GET.get("as") == "pdf":
        if certificate is None:
            raise Http404
        return pdf_response(run)
    context = {
        "device": run.device,
        "run": run,
        "form": VERDICT_FORMS[GoVerdict(run.verdict)],
        "rows": _rows(run.check_lines),
        "certificate": certificate,
    }
    with timezone.override(run.device.factory.zone):
        return render(request, "portal/go_no_go_run.html", context)
