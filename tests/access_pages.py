"""The rows of the access matrix that are outside /api/: pages, health, and allauth's own pages by name."""

from tests.access_answers import (
    AUDIT,
    BY_TOKEN,
    DEVICE_PAGE,
    GEOMETRY_PAGE,
    KTDAS_PAGE,
    LOG_OF_LITEIN,
    MANAGERS_PAGE,
    NOBODYS,
    NOT_THERE,
    OPEN,
    OPERATORS_PAGE,
    PROFILES_PAGE,
)

# route -> method -> statuses, as in `access_matrix.py`. Methods that are not named answer NOBODYS.
PAGES: dict[str, dict[str, str]] = {
    "healthz": {"GET": OPEN},
    "readyz": {"GET": OPEN.replace("200", "503")},  # in tests neither broker nor ingest is there
    # From elsewhere (the address is set below): a token, whoever's it is.
    "metrics": {"GET": BY_TOKEN.format(200)},
    # In tests nobody is named.
    ".well-known/security.txt": {"GET": NOT_THERE},
    "": {"GET": "302 200 302 302 302 302 302 302 302 302 302"},
    "morning/": {"GET": "302 403 403 403 200 200 403 200 403 403 302"},
    # Whom HQ asked: 302 back to the page. Out of scope is not there.
    "morning/<int:pk>/asked/": {"POST": "302 403 403 403 302 404 403 403 403 403 302"},
    "alarms/": {
        "GET": "302 403 200 200 200 200 200 200 403 403 302",
        "POST": "302 403 302 302 302 302 302 403 403 403 302",
    },
    "alarms/<int:pk>/": {
        "GET": "302 403 200 404 200 404 200 200 403 403 302",
        "POST": "302 403 200 404 200 404 200 403 403 403 302",
    },
    "alarms/rules/": {
        "GET": "302 403 200 200 200 200 200 200 403 403 302",
        "POST": "302 403 403 403 200 200 403 403 403 403 302",
    },
    "alarms/rules/<slug:rule_kind>/": dict.fromkeys(("GET", "POST"), MANAGERS_PAGE),
    "explain/": {"GET": "302 403 200 200 200 200 200 200 403 403 302"},
    "factories/": {"GET": "302 403 200 200 200 200 200 200 403 403 302"},
    "factories/<int:pk>/": {"GET": "302 403 200 404 200 404 200 200 403 403 302"},
    "factories/new/": {"GET": MANAGERS_PAGE},
    "factories/new/<slug:code>/": {"GET": MANAGERS_PAGE, "POST": MANAGERS_PAGE},
    # Set-up of Litein. HQ has all of it, installers the chimneys; a manager writes events.
    "factories/<int:pk>/setup/": {"GET": KTDAS_PAGE.format(200)},
    **{
        f"factories/<int:pk>/setup/{step}/": {"GET": KTDAS_PAGE.format(200), "POST": KTDAS_PAGE.format(200)}
        for step in ("place", "units", "sources/new/<slug:kind>", "sources/<int:source_id>")
    },
    "factories/<int:pk>/setup/limits/": {"GET": KTDAS_PAGE.format(200), "POST": KTDAS_PAGE.format(200)},
    "factories/<int:pk>/setup/sources/": {"GET": KTDAS_PAGE.format(200)},
    "factories/<int:pk>/setup/sources/<int:source_id>/end/": {"POST": KTDAS_PAGE.format(302)},
    "factories/<int:pk>/setup/archive/": {"POST": KTDAS_PAGE.format(302)},
    "factories/<int:pk>/setup/chimneys/": {"GET": GEOMETRY_PAGE.format(200)},
    **{
        f"factories/<int:pk>/setup/chimneys/{place}/": dict.fromkeys(("GET", "POST"), GEOMETRY_PAGE.format(200))
        for place in ("new", "<int:chimney_id>")
    },
    "factories/<int:pk>/setup/chimneys/<int:chimney_id>/archive/": {"POST": GEOMETRY_PAGE.format(302)},
    "factories/<int:pk>/events/": {
        "GET": "302 403 200 404 200 404 200 200 403 403 302",
        "POST": "302 403 200 404 200 404 403 403 403 403 302",
    },
    "factories/<int:pk>/events/<int:event_id>/archive/": {"POST": "302 403 302 404 302 404 403 403 403 403 302"},
    # An act on a hold that does not exist; who may not manage devices gets 403 first.
    "refused-messages/": {
        "GET": "302 403 403 403 200 200 200 200 403 403 302",
        "POST": "302 403 403 403 404 404 404 403 403 403 302",
    },
    "device-profiles/": {"GET": PROFILES_PAGE.format(200)},
    "device-profiles/new/": dict.fromkeys(("GET", "POST"), PROFILES_PAGE.format(200)),
    "device-profiles/<int:profile_id>/": dict.fromkeys(("GET", "POST"), PROFILES_PAGE.format(404)),
    # Of an entry of Litein. Without a file in the form, or a reason: 302 back.
    "evidence/<slug:about>/<int:about_id>/add/": {"POST": LOG_OF_LITEIN.format(302, 403)},
    "evidence/<int:pk>/file/": {"GET": LOG_OF_LITEIN.format(200, 200)},
    "evidence/<int:pk>/thumbnail/": {"GET": LOG_OF_LITEIN.format(200, 200)},
    "evidence/<int:pk>/remove/": {"POST": LOG_OF_LITEIN.format(302, 403)},
    "devices/": {"GET": "302 403 200 200 200 200 200 200 403 403 302"},
    "add-device/": dict.fromkeys(("GET", "POST"), "302 403 403 403 200 200 200 403 403 403 302"),
    "device-codes/": dict.fromkeys(("GET", "POST"), "302 403 403 403 200 200 403 403 403 403 302"),
    "device-codes/<int:pk>/withdraw/": {"POST": "302 403 403 403 302 404 404 403 403 403 302"},
    **{
        f"devices/<slug:device_id>/{act}/": dict.fromkeys(("GET", "POST"), DEVICE_PAGE)
        for act in ("edit", "assign", "settings", "calibrations/new")
    },
    # A channel that does not exist; who may not write the energy log gets 403 first.
    "devices/<slug:device_id>/channels/": {
        "GET": "302 403 200 404 200 404 200 200 403 403 302",
        "POST": "302 403 404 404 404 404 403 403 403 403 302",
    },
    "devices/<slug:device_id>/calibrations/<int:pk>/certificate/": {
        "GET": "302 403 404 404 404 404 404 404 403 403 302"
    },
    "devices/<slug:device_id>/": {
        "GET": "302 403 200 404 200 404 200 200 403 403 302",
        "POST": "302 403 403 404 404 404 404 403 403 403 302",
    },
    # An interval that is missing: the form comes back.
    "devices/<slug:device_id>/commands/": {
        "GET": "302 403 200 404 200 404 200 200 403 403 302",
        "POST": "302 403 403 404 200 404 200 403 403 403 302",
    },
    "devices/<slug:device_id>/go-no-go/": {
        "GET": "302 403 200 404 200 404 200 200 403 403 302",
        "POST": "302 403 403 404 200 404 200 403 403 403 302",
    },
    # A run that does not exist.
    "devices/<slug:device_id>/go-no-go/<int:pk>/": {"GET": "302 403 404 404 404 404 404 404 403 403 302"},
    "factories/<int:pk>/today/": {"GET": LOG_OF_LITEIN.format(200, 200)},
    "factories/<int:pk>/fire/": {"GET": LOG_OF_LITEIN.format(200, 200)},
    "factories/<int:pk>/changes/": {"GET": LOG_OF_LITEIN.format(200, 200)},
    "factories/<int:pk>/balance/": {"GET": LOG_OF_LITEIN.format(200, 200)},
    "factories/<int:pk>/wood/": {"GET": LOG_OF_LITEIN.format(200, 200), "POST": LOG_OF_LITEIN.format(200, 403)},
    "factories/<int:pk>/typing-hints/": {"GET": KTDAS_PAGE.format(200), "POST": KTDAS_PAGE.format(200)},
    "factories/<int:pk>/log/": dict.fromkeys(("GET", "POST"), LOG_OF_LITEIN.format(200, 403)),
    # A save that does not exist; a user who may not write gets 403 first.
    "factories/<int:pk>/log/<uuid:save_id>/": {"GET": LOG_OF_LITEIN.format(404, 404)},
    "factories/<int:pk>/log/<uuid:save_id>/undo/": {"POST": LOG_OF_LITEIN.format(404, 403)},
    "factories/<int:pk>/month/": {"GET": LOG_OF_LITEIN.format(200, 200)},
    "factories/<int:pk>/month/<str:month>/": {"GET": LOG_OF_LITEIN.format(200, 200)},
    **{
        f"factories/<int:pk>/{name}/<int:entry_id>/": {
            "GET": LOG_OF_LITEIN.format(200, 200),
            "POST": LOG_OF_LITEIN.format(200, 403),
        }
        for name in ("entries", "production")
    },
    "leaderboard/": {"GET": "302 403 200 200 200 200 403 200 403 403 302"},
    "audit/": {"GET": AUDIT.format(302, 302)},
    # Who sees all devices of an organisation. HQ halts a roll-out that does not exist.
    "firmware/": {"GET": AUDIT.format(302, 302), "POST": "302 403 403 403 404 404 403 403 403 403 302"},
    "firmware/images/": {"GET": NOT_THERE},
    "inventory/": {"GET": "302 403 200 200 200 200 403 200 403 403 302"},
    "inventory/basis/": {"GET": MANAGERS_PAGE, "POST": MANAGERS_PAGE},
    # The auditor reads; who may not write a target gets 403, and one out of scope is not there.
    "targets/": {"GET": "302 403 200 200 200 200 403 200 403 403 302"},
    "targets/new/": {"GET": MANAGERS_PAGE, "POST": MANAGERS_PAGE},
    "targets/<int:pk>/": {
        "GET": "302 403 200 404 200 404 403 200 403 403 302",
        "POST": "302 403 403 404 200 404 403 403 403 403 302",
    },
    # Who may not write a report gets 403; Litein's is published: nothing is signed or withdrawn any more.
    "reports/": {"GET": "302 403 200 200 200 200 403 200 403 403 302"},
    "reports/new/": {"GET": MANAGERS_PAGE, "POST": MANAGERS_PAGE},
    "reports/batch/": {"GET": MANAGERS_PAGE, "POST": MANAGERS_PAGE},
    "reports/batch/<int:pk>/": {"GET": KTDAS_PAGE.format(200)},
    "reports/recipients/": {"GET": MANAGERS_PAGE, "POST": MANAGERS_PAGE},
    "reports/<int:pk>/": {
        "GET": "302 403 200 404 200 404 403 200 403 403 302",
        "POST": "302 403 403 404 404 404 403 403 403 403 302",
    },
    # HQ is asked for the password first.
    "reports/<int:pk>/sign/": dict.fromkeys(("GET", "POST"), "302 403 403 403 302 302 403 403 403 403 302"),
    # Without an act: 404.
    "reports/<int:pk>/verification/": {
        "GET": "302 403 200 404 200 404 403 200 403 403 302",
        "POST": "302 403 404 404 404 404 403 404 403 403 302",
    },
    "reports/<int:pk>/links/": dict.fromkeys(("GET", "POST"), KTDAS_PAGE.format(200)),
    "r/<str:token>/": {"GET": NOT_THERE},
    "disputes/": {"GET": "302 403 200 200 200 200 403 200 403 403 302"},
    "disputes/new/": dict.fromkeys(("GET", "POST"), "302 403 200 200 200 200 403 403 403 403 302"),
    "disputes/<int:pk>/": {
        "GET": "302 403 200 404 200 404 403 200 403 403 302",
        "POST": "302 403 403 404 200 404 403 403 403 403 302",
    },
    "reports/verify/": {"GET": OPEN, "POST": OPEN},
    "reports/unsubscribe/<slug:token>/": {"GET": NOT_THERE, "POST": NOT_THERE},
    ".well-known/carbontrack-report-keys.json": {"GET": OPEN},
    "organisation/sites/": {"GET": MANAGERS_PAGE, "POST": MANAGERS_PAGE},
    "organisation/sites/<int:pk>/": {"GET": KTDAS_PAGE.format(200), "POST": KTDAS_PAGE.format(200)},
    "organisation/": {"GET": MANAGERS_PAGE, "POST": MANAGERS_PAGE},
    "organisations/": dict.fromkeys(("GET", "POST"), OPERATORS_PAGE.format(200)),
    "organisations/<int:pk>/invite/": {"POST": OPERATORS_PAGE.format(302)},
    "register/": {"GET": OPEN, "POST": OPEN},
    "join/<str:token>/": {"GET": NOT_THERE, "POST": NOT_THERE},
    "password-link/<str:token>/": {"GET": NOT_THERE, "POST": NOT_THERE},
    "single-sign-on/": {"GET": OPEN, "POST": OPEN},
    "account/": dict.fromkeys(("GET", "POST"), "302 200 200 200 200 200 200 200 200 200 302"),
    "tokens/": dict.fromkeys(("GET", "POST"), "302 200 200 200 200 200 200 200 200 200 302"),
    "tokens/keep/": {"POST": "302 302 302 302 302 302 302 302 302 302 302"},
    "tokens/<str:token_key>/revoke/": {"POST": "302 404 404 404 302 404 404 404 404 404 302"},
    "members/": {"GET": MANAGERS_PAGE},
    "members/invite/": {"GET": MANAGERS_PAGE, "POST": MANAGERS_PAGE},
    "members/sign-in/": {"GET": MANAGERS_PAGE, "POST": MANAGERS_PAGE.replace("200", "302")},
    "members/<int:pk>/": {"GET": KTDAS_PAGE.format(200), "POST": KTDAS_PAGE.format(200)},
    "members/<int:pk>/undo/": {"POST": KTDAS_PAGE.format(302)},
    "members/requests/<int:pk>/": {"GET": KTDAS_PAGE.format(200), "POST": KTDAS_PAGE.format(200)},
    "members/invitations/<int:pk>/revoke/": {"POST": KTDAS_PAGE.format(302)},
    "integrate/": dict.fromkeys(("GET", "POST"), "302 403 200 200 200 200 200 200 200 403 302"),
    # An empty form keeps the settings: no quiet hours, and nothing more than what is due.
    "account/notices/": {
        "GET": "302 200 200 200 200 200 200 200 200 200 302",
        "POST": "302 302 302 302 302 302 302 302 302 302 302",
    },
    "account/notices/<int:pk>/": {"POST": "302 404 404 404 404 404 404 404 404 404 302"},
    "organisation/notices/": dict.fromkeys(("GET", "POST"), MANAGERS_PAGE),
    "organisation/notices/gateways/<int:pk>/remove/": {"POST": MANAGERS_PAGE.replace("200", "404")},
    "organisation/notices/shifts/new/": dict.fromkeys(("GET", "POST"), MANAGERS_PAGE),
    "organisation/notices/shifts/<int:pk>/": dict.fromkeys(("GET", "POST"), MANAGERS_PAGE.replace("200", "404")),
    "notices/": {"GET": "302 403 200 200 200 200 200 200 403 403 302"},
    "a/<str:token>/": {"GET": NOT_THERE, "POST": NOT_THERE},
    "styleguide/": {"GET": OPEN},
    "language/": {"GET": NOBODYS, "POST": OPEN.replace("200", "302")},
}

# allauth's own pages, by name: for anybody, or to sign-in first.
ALLAUTH_OPEN = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",
    "account_email_verification_sent",
    "account_reset_password",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_reset_password_done",
    "mfa_login_webauthn",
    "openid_connect_callback",
    "socialaccount_login_cancelled",
}
ALLAUTH_SIGNED_IN = {
    "account_reauthenticate",
    "account_email",
    "account_change_password",
    "account_set_password",
    "account_confirm_login_code",
    "mfa_index",
    "mfa_authenticate",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "mfa_reauthenticate_webauthn",
}
