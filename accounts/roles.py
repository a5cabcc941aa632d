"""The one table of who may do what: role -> actions. Scope (which factories) is in `permissions.py`."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    FACTORY_MANAGER = "factory_manager", _("Factory manager")
    HQ_MANAGER = "hq_manager", _("HQ manager")
    INSTALLER = "installer", _("Installer")
    AUDITOR = "auditor", _("Auditor")
    INTEGRATOR = "integrator", _("Integrator")


class Action(StrEnum):
    """A right that a view or endpoint requires. Each names one right, never a page."""

    USE_PORTAL = "use_portal"  # server-rendered pages; an integrator uses the API only
    VIEW_NETWORK = "view_network"  # the list of an organisation's factories beside each other
    VIEW_FACTORY = "view_factory"
    EDIT_FACTORY = "edit_factory"
    EDIT_GEOMETRY = "edit_geometry"  # chimneys: inner dimensions, probe, moisture
    WRITE_SITE_EVENTS = "write_site_events"  # what happened at a site and explains its figures
    EDIT_ORGANISATION = "edit_organisation"  # its accounting choices: GWP set, factors, languages
    VIEW_READINGS = "view_readings"
    WRITE_READINGS = "write_readings"
    VIEW_DEVICES = "view_devices"
    MANAGE_DEVICES = "manage_devices"
    MANAGE_FIRMWARE = "manage_firmware"  # images, and their roll-out to all devices of an organisation
    MANAGE_PROFILES = "manage_profiles"  # how messages of foreign sensors are read
    VIEW_REJECTED = "view_rejected"  # refused messages of devices, with their payload
    REPLAY_REJECTED = "replay_rejected"
    VIEW_ENERGY = "view_energy"
    WRITE_ENERGY = "write_energy"
    VIEW_PRODUCTION = "view_production"
    WRITE_PRODUCTION = "write_production"
    SEE_TYPING_HINTS = "see_typing_hints"  # how a site's log is typed; HQ alone, which puts a hint aside with a note
    VIEW_LEADERBOARD = "view_leaderboard"  # one's own place, or of a whole organisation all places
    MANAGE_FACTORS = "manage_factors"  # an organisation's own emission factors
    VIEW_TARGETS = "view_targets"
    MANAGE_TARGETS = "manage_targets"
    VIEW_REPORTS = "view_reports"  # what was published
    VIEW_REPORT_DRAFTS = "view_report_drafts"  # reports in every state
    MAKE_REPORTS = "make_reports"  # draft, enter values, withdraw, supersede; whom they are mailed to
    SIGN_REPORTS = "sign_reports"
    PUBLISH_REPORTS = "publish_reports"
    SHARE_REPORTS = "share_reports"  # links that show a published report without a sign-in
    VERIFY_REPORTS = "verify_reports"  # sample, findings, materiality, opinion: all that an auditor writes
    ANSWER_FINDINGS = "answer_findings"
    DISPUTE = "dispute"  # contest readings, a gap, a place
    DECIDE_DISPUTES = "decide_disputes"
    LOCK_BASIS = "lock_basis"  # whether the CO2 of a source is counted as measured or as calculated
    VIEW_ALERTS = "view_alerts"
    ACKNOWLEDGE_ALERTS = "acknowledge_alerts"  # the life of an alarm: acknowledge, assign, comment, snooze, close
    MANAGE_ALERT_RULES = "manage_alert_rules"
    MANAGE_MEMBERS = "manage_members"  # approve, invite, end a membership
    MANAGE_NOTICES = "manage_notices"  # an organisation's gateways and roster, and what was sent to its people
    VIEW_AUDIT = "view_audit"  # who changed what, and who read raw data


class Scope(models.TextChoices):
    """What a token may be used for. ALL is what its user may do (a sign-in); the rest only narrow."""

    ALL = "all", _("everything its user may do")
    READ = "read", _("read")
    WRITE_ENERGY = "write:energy", _("write energy entries")
    WRITE_PRODUCTION = "write:production", _("write production")
    WRITE_EMISSIONS = "write:emissions", _("write readings")


_READ = frozenset({Action.VIEW_FACTORY, Action.VIEW_READINGS, Action.VIEW_DEVICES, Action.VIEW_ALERTS})
_ACTIVITY = frozenset(
    {Action.VIEW_ENERGY, Action.VIEW_PRODUCTION, Action.VIEW_LEADERBOARD, Action.VIEW_TARGETS, Action.VIEW_REPORTS}
)

ROLE_ACTIONS: dict[Role, frozenset[Action]] = {
    Role.FACTORY_MANAGER: _READ
    | _ACTIVITY
    | {
        *(Action.USE_PORTAL, Action.WRITE_ENERGY, Action.WRITE_PRODUCTION),
        *(Action.WRITE_SITE_EVENTS, Action.ACKNOWLEDGE_ALERTS, Action.ANSWER_FINDINGS, Action.DISPUTE),
    },
    # Nobody verifies the reports that they make.
    Role.HQ_MANAGER: frozenset(Action) - {Action.VERIFY_REPORTS},
    Role.INSTALLER: _READ
    | {Action.USE_PORTAL, Action.MANAGE_DEVICES, Action.EDIT_GEOMETRY, Action.ACKNOWLEDGE_ALERTS}
    | {Action.MANAGE_PROFILES, Action.VIEW_REJECTED, Action.REPLAY_REJECTED},
    Role.AUDITOR: _READ
    | _ACTIVITY
    | {Action.USE_PORTAL, Action.VIEW_NETWORK, Action.VIEW_AUDIT, Action.VIEW_REJECTED, Action.VIEW_REPORT_DRAFTS}
    | {Action.VERIFY_REPORTS},
    Role.INTEGRATOR: _READ | _ACTIVITY | {Action.WRITE_READINGS, Action.WRITE_ENERGY, Action.WRITE_PRODUCTION},
}

READING_ACTIONS = frozenset(
    {
        *(Action.USE_PORTAL, Action.VIEW_NETWORK, Action.VIEW_AUDIT, Action.VIEW_REJECTED, Action.VIEW_REPORT_DRAFTS),
        *(*_READ, *_ACTIVITY),
    }
)
SCOPE_ACTIONS: dict[Scope, frozenset[Action]] = {
    Scope.ALL: frozenset(Action),
    Scope.READ: READING_ACTIONS,
    Scope.WRITE_ENERGY: frozenset({Action.WRITE_ENERGY}),
    Scope.WRITE_PRODUCTION: frozenset({Action.WRITE_PRODUCTION}),
    Scope.WRITE_EMISSIONS: frozenset({Action.WRITE_READINGS}),
}


def actions_of(role: Role) -> frozenset[Action]:
    return ROLE_ACTIONS[role]


def scopes_allow(scopes: list[str], action: Action) -> bool:
    return any(action in SCOPE_ACTIONS[Scope(scope)] for scope in scopes)
