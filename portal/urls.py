"""Addresses of the pages across apps."""

from django.urls import include, path

from portal import first_call, views
from portal.alarms import rule_views
from portal.alarms import views as alarm_views
from portal.audit import views as audit_views
from portal.balance import views as balance_views
from portal.commands import views as commands_views
from portal.devices import act_views, register_views
from portal.devices import views as devices_views
from portal.evidence import views as evidence_views
from portal.explain import views as explain_views
from portal.fire import views as fire_views
from portal.firmware import views as firmware_views
from portal.foreign import channel_views
from portal.foreign import views as foreign_views
from portal.go_no_go import views as go_no_go_views
from portal.inventory import views as inventory_views
from portal.known import views as known_views
from portal.log import views as log_views
from portal.month import views as month_views
from portal.morning import views as morning_views
from portal.organisations import bulk as bulk_views
from portal.organisations import operator as operator_views
from portal.organisations import settings as settings_views
from portal.sites import views as sites_views
from portal.targets import views as targets_views
from portal.today import views as today_views
from portal.typing_hints import views as typing_hints_views
from portal.wood import views as wood_views

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("portal.setup.urls")),
    path("morning/", morning_views.morning, name="morning"),
    path("morning/<int:pk>/asked/", morning_views.remind, name="morning-remind"),
    path("alarms/", alarm_views.alarms, name="alarms"),
    path("alarms/<int:pk>/", alarm_views.alarm, name="alarm"),
    path("alarms/rules/", rule_views.rules, name="alarm-rules"),
    path("alarms/rules/<slug:rule_kind>/", rule_views.rule, name="alarm-rule"),
    path("explain/", explain_views.explain, name="explain"),
    path("factories/", sites_views.network, name="network"),
    path("factories/<int:pk>/", sites_views.factory, name="factory"),
    path("factories/<int:pk>/today/", today_views.today, name="today"),
    path("factories/<int:pk>/fire/", fire_views.fire, name="fire"),
    path("factories/<int:pk>/wood/", wood_views.wood, name="wood"),
    path("factories/<int:pk>/typing-hints/", typing_hints_views.typing_hints_page, name="typing-hints"),
    path("factories/<int:pk>/changes/", known_views.changes, name="changes"),
    path("factories/<int:pk>/balance/", balance_views.balance, name="balance"),
    path("factories/<int:pk>/log/", log_views.log, name="log"),
    path("factories/<int:pk>/log/<uuid:save_id>/", log_views.log_saved, name="log-saved"),
    path("factories/<int:pk>/log/<uuid:save_id>/undo/", log_views.log_undo, name="log-undo"),
    path("factories/<int:pk>/month/", month_views.month, name="month"),
    path("factories/<int:pk>/month/<str:month>/", month_views.month, name="month"),
    path("factories/<int:pk>/entries/<int:entry_id>/", log_views.entry, name="entry"),
    path("factories/<int:pk>/production/<int:entry_id>/", log_views.production_entry, name="production-entry"),
    path("evidence/<slug:about>/<int:about_id>/add/", evidence_views.add, name="evidence-add"),
    path("evidence/<int:pk>/file/", evidence_views.file, name="evidence-file"),
    path("evidence/<int:pk>/thumbnail/", evidence_views.thumbnail, name="evidence-thumbnail"),
    path("evidence/<int:pk>/remove/", evidence_views.remove, name="evidence-remove"),
    path("devices/", devices_views.devices, name="devices"),
    # Not below devices/, where every word is the id of a device.
    path("add-device/", register_views.add, name="device-add"),
    path("device-codes/", register_views.codes, name="device-codes"),
    path("device-codes/<int:pk>/withdraw/", register_views.code_withdraw, name="device-code-withdraw"),
    path("devices/<slug:device_id>/", devices_views.device, name="device"),
    path("devices/<slug:device_id>/commands/", commands_views.commands, name="commands"),
    path("devices/<slug:device_id>/go-no-go/", go_no_go_views.go_no_go, name="go-no-go"),
    path("devices/<slug:device_id>/go-no-go/<int:pk>/", go_no_go_views.go_no_go_run, name="go-no-go-run"),
    path("devices/<slug:device_id>/channels/", channel_views.channels, name="device-channels"),
    path("devices/<slug:device_id>/settings/", register_views.settings, name="device-settings"),
    path("devices/<slug:device_id>/edit/", act_views.edit, name="device-edit"),
    path("devices/<slug:device_id>/assign/", act_views.assign, name="device-assign"),
    path("devices/<slug:device_id>/calibrations/new/", act_views.calibrate, name="device-calibrate"),
    path(
        "devices/<slug:device_id>/calibrations/<int:pk>/certificate/", act_views.certificate, name="device-certificate"
    ),
    path("firmware/", firmware_views.firmware, name="firmware"),
    path("firmware/images/", firmware_views.download, name="firmware-download"),
    path("inventory/", inventory_views.inventory, name="inventory"),
    path("inventory/basis/", inventory_views.basis_locks, name="basis-locks"),
    path("targets/", targets_views.targets, name="targets"),
    path("targets/new/", targets_views.target_new, name="target-new"),
    path("targets/<int:pk>/", targets_views.target, name="target"),
    path("organisation/sites/", bulk_views.site_sheet_new, name="site-sheet-new"),
    path("organisation/sites/<int:pk>/", bulk_views.site_sheet, name="site-sheet"),
    path("organisation/", settings_views.organisation_settings, name="organisation-settings"),
    path("organisations/", operator_views.organisations, name="organisations"),
    path("organisations/<int:pk>/invite/", operator_views.invite_manager, name="organisation-invite"),
    path("refused-messages/", foreign_views.refused_messages, name="refused-messages"),
    path("device-profiles/", foreign_views.profiles, name="device-profiles"),
    path("device-profiles/new/", foreign_views.profile_new, name="device-profile-new"),
    path("device-profiles/<int:profile_id>/", foreign_views.profile, name="device-profile"),
    path("audit/", audit_views.audit, name="audit"),
    path("", include("portal.notices.urls")),
    path("", include("portal.reports.urls")),
    path("", include("portal.verification.urls")),
    path("integrate/", first_call.first_call, name="first-call"),
    path("styleguide/", views.styleguide, name="styleguide"),
    path("language/", views.set_language, name="set_language"),
]
