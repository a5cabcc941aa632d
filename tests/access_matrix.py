"""The answer of every address to every role: tables written by hand, one row per address. `test_access.py` walks
them."""

# In this order in every row. Litein is asked for: Momul's manager and HQ of others have no part in it.
WHO = (
    "not_signed_in",
    "no_membership",
    "litein_manager",
    "momul_manager",
    "hq",
    "hq_of_others",
    "installer",
    "auditor",
    "integrator",
    "superuser",
    "read_token",
)
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
#                 -   no  man mom hq  oth ins aud int sup tok
OPEN = "          200 200 200 200 200 200 200 200 200 200 200"
READERS = "       401 403 200 200 200 200 200 200 200 403 200"
ONE_OF_LITEIN = " 401 403 200 404 200 404 200 200 200 403 200"
NO_METHOD = "     401 405 405 405 405 405 405 405 405 405 405"
# All roles except installers see energy. Who writes it: managers of Litein and HQ; an integrator needs a token.
ENERGY_READERS = "401 403 200 200 200 200 403 200 200 403 200"
ENERGY_OF_LITEIN = "401 403 200 404 200 404 403 200 200 403 200"
ENERGY_WRITERS = "401 403 {0} {0} {0} {0} 403 403 403 403 403"
ENERGY_WRITERS_OF_LITEIN = "401 403 {0} 404 {0} 404 403 403 403 403 403"
# Pages of Litein's log: what those get who write it, and what an auditor gets.
LOG_OF_LITEIN = "302 403 {0} 404 {0} 404 403 {1} 403 403 302"
# Acts on a device of Litein: by who manages devices there. The second first asks whether they do so anywhere.
DEVICE_ACT = "    401 403 403 404 {0} 404 {0} 403 403 403 403"
DEVICE_PAGE = "   302 403 403 404 200 404 200 403 403 403 302"
NO_METHOD_FOR_MEMBERS = "401 403 405 405 405 405 405 405 405 403 405"
# Who changes sites, their chimneys and their events: of Litein, and what others get who may at home.
SITE_EDITORS = " 401 403 403 403 {0} {1} 403 403 403 403 403"
GEOMETRY_EDITORS = "401 403 403 403 {0} {1} {0} 403 403 403 403"
EVENT_WRITERS = "401 403 {0} {1} {0} {1} 403 403 403 403 403"
NOBODYS = "       405 405 405 405 405 405 405 405 405 405 405"
NOT_THERE = "     404 404 404 404 404 404 404 404 404 404 404"
BY_TOKEN = "      401 401 401 401 401 401 401 401 401 401 {}"
# Who manages members: HQ, of their own organisation.
MANAGERS = "      401 403 403 403 {0} {0} 403 403 403 403 403"
MANAGERS_OF_KTDA = "401 403 403 403 {0} 404 403 403 403 403 403"
RULES_OF_HQ = {m: MANAGERS.format(405) for m in ("POST", "PATCH", "DELETE")}
ALARM_ACTS = "     401 403 {0} {0} {0} {0} {0} 403 403 403 403"
NOT_BY_MANAGERS = {m: MANAGERS.format(405) for m in ("GET", "POST", "PATCH", "DELETE")}
# Who reads the audit log: HQ and auditors, of their own organisation.
AUDIT = "         {} 403 403 403 200 200 403 200 403 403 {}"
# What is a person's own, by a session; not by a program's token.
PERSONS = "       401 {0} {0} {0} {0} {0} {0} {0} {0} {0} 403"
MANAGERS_PAGE = " 302 403 403 403 200 200 403 403 403 403 302"
KTDAS_PAGE = "    302 403 403 403 {} 404 403 403 403 403 302"
GEOMETRY_PAGE = "  302 403 403 403 {0} 404 {0} 403 403 403 302"
OPERATORS_PAGE = "302 403 403 403 403 403 403 403 403 {} 302"
SIGN_OUT = {**dict.fromkeys(("GET", *UNSAFE), BY_TOKEN.format(405)), "POST": BY_TOKEN.format(204)}


def _no(*methods: str) -> dict[str, str]:
    return dict.fromkeys(methods, PERSONS.format(405))


NOT_OF_A_LOG = dict.fromkeys(("POST", "PATCH", "DELETE"), ENERGY_WRITERS.format(405))
# The same for energy and production. Writers send an empty list where an object belongs: 400; to the import, JSON
# where a form belongs: 415.
OF_A_LOG = {
    "$": {**NOT_OF_A_LOG, "GET": ENERGY_READERS, "POST": ENERGY_WRITERS.format(400)},
    "(?P<pk>[0-9]{1,9})/$": {
        "GET": ENERGY_OF_LITEIN,
        "POST": ENERGY_WRITERS.format(405),
        **dict.fromkeys(("PATCH", "DELETE"), ENERGY_WRITERS_OF_LITEIN.format(400)),
    },
    "(?P<pk>[0-9]{1,9})/history/$": {**NOT_OF_A_LOG, "GET": ENERGY_OF_LITEIN},
    "(?P<pk>[0-9]{1,9})/undo/$": {
        **NOT_OF_A_LOG,
        "GET": ENERGY_READERS.replace("200", "405"),
        "POST": ENERGY_WRITERS_OF_LITEIN.format(409),
    },
    # Who uploaded it and HQ; the one of Litein's manager is over, so it cannot be cancelled.
    "imports/(?P<import_id>[0-9]{1,9})/$": {
        "GET": ENERGY_WRITERS_OF_LITEIN.format(200),
        **dict.fromkeys(UNSAFE, ENERGY_WRITERS.format(405)),
    },
    "imports/(?P<import_id>[0-9]{1,9})/cancel/$": {
        **dict.fromkeys(("GET", *UNSAFE), ENERGY_WRITERS.format(405)),
        "POST": ENERGY_WRITERS_OF_LITEIN.format(409),
    },
    "import/$": {**NOT_OF_A_LOG, "GET": ENERGY_READERS.replace("200", "405"), "POST": ENERGY_WRITERS.format(415)},
}

# route -> method -> statuses. Methods that are not named answer NO_METHOD below /api/, else NOBODYS.
OURS: dict[str, dict[str, str]] = {
    "api/login/": {"GET": NOBODYS, "POST": OPEN.replace("200", "400"), **dict.fromkeys(UNSAFE[1:], NOBODYS)},
    "api/logout/": SIGN_OUT,
    "api/logoutall/": dict.fromkeys(("GET", *UNSAFE), BY_TOKEN.format(403)),  # by a sign-in alone
    "api/me/": {"GET": "401 200 200 200 200 200 200 200 200 200 200"},
    # A user who may write and sends an empty list gets 400. Only HQ may; an integrator needs a token.
    "api/emissions/": {"GET": READERS, "POST": "401 403 403 403 400 400 403 403 403 403 403"},
    **{f"api/emissions/{name}/": {"GET": READERS} for name in ("minutes", "hours", "days", "months", "latest")},
    "api/emissions/chart.svg": {"GET": READERS},
    "api/emissions/chart.png": {"GET": READERS},
    "api/emissions/stream/": {"HEAD": READERS, **dict.fromkeys(UNSAFE, NOBODYS)},
    "api/schema/swagger-ui/": {"GET": OPEN, **dict.fromkeys(UNSAFE, NOBODYS)},
    "api/schema/redoc/": {"GET": OPEN, **dict.fromkeys(UNSAFE, NOBODYS)},
    "api/schema.json": {"GET": OPEN, **dict.fromkeys(UNSAFE, NOBODYS)},
    "api/places/": {"GET": MANAGERS.format(200)},
    "api/factories/leaderboard/": {"GET": ENERGY_READERS},
    "api/audit/": {"GET": AUDIT.format(401, 403)},
    # Only HQ adds sites; it sends an empty list where an object belongs: 400.
    "api/^factories/$": {"GET": READERS, "POST": SITE_EDITORS.format(400, 400), "PATCH": SITE_EDITORS.format(405, 405)},
    "api/^factories/(?P<pk>[0-9]{1,9})/$": {
        "GET": ONE_OF_LITEIN,
        "POST": SITE_EDITORS.format(405, 405),
        "PATCH": SITE_EDITORS.format(400, 404),
    },
    **{
        f"api/^factories/(?P<pk>[0-9]{{1,9}})/{act}/$": {
            "GET": NO_METHOD_FOR_MEMBERS,
            "POST": SITE_EDITORS.format(200, 404),
            "PATCH": SITE_EDITORS.format(405, 405),
        }
        for act in ("archive", "restore")
    },
    # Installers edit the geometry of the factories given. A chimney with a sensor in it is not archived: 409.
    "api/^chimneys/$": {
        "GET": READERS,
        "POST": GEOMETRY_EDITORS.format(400, 400),
        **dict.fromkeys(("PATCH", "DELETE"), GEOMETRY_EDITORS.format(405, 405)),
    },
    "api/^chimneys/(?P<pk>[0-9]{1,9})/$": {
        "GET": ONE_OF_LITEIN,
        "POST": GEOMETRY_EDITORS.format(405, 405),
        "PATCH": GEOMETRY_EDITORS.format(400, 404),
        "DELETE": GEOMETRY_EDITORS.format(409, 404),
    },
    "api/^chimneys/(?P<pk>[0-9]{1,9})/restore/$": {
        "GET": NO_METHOD_FOR_MEMBERS,
        "POST": GEOMETRY_EDITORS.format(200, 404),
        **dict.fromkeys(("PATCH", "DELETE"), GEOMETRY_EDITORS.format(405, 405)),
    },
    "api/^emission-sources/$": {
        "GET": READERS,
        "POST": SITE_EDITORS.format(400, 400),
        **dict.fromkeys(("PATCH", "DELETE"), SITE_EDITORS.format(405, 405)),
    },
    "api/^emission-sources/(?P<pk>[0-9]{1,9})/$": {
        "GET": ONE_OF_LITEIN,
        "POST": SITE_EDITORS.format(405, 405),
        "PATCH": SITE_EDITORS.format(400, 404),
        "DELETE": SITE_EDITORS.format(204, 404),
    },
    "api/^site-events/$": {
        "GET": READERS,
        "POST": EVENT_WRITERS.format(400, 400),
        **dict.fromkeys(("PATCH", "DELETE"), EVENT_WRITERS.format(405, 405)),
    },
    "api/^site-events/(?P<pk>[0-9]{1,9})/$": {
        "GET": ONE_OF_LITEIN,
        "POST": EVENT_WRITERS.format(405, 405),
        "PATCH": EVENT_WRITERS.format(400, 404),
        "DELETE": EVENT_WRITERS.format(204, 404),
    },
    "api/^mcu-devices/$": {
        "GET": READERS,
        "POST": "401 403 403 403 400 400 400 403 403 403 403",
        "PATCH": NO_METHOD_FOR_MEMBERS,
    },
    "api/^mcu-devices/(?P<device_id>[A-Za-z0-9_-]{3,64})/$": {
        "GET": ONE_OF_LITEIN,
        "POST": NO_METHOD_FOR_MEMBERS,
        "PATCH": DEVICE_ACT.format(400),
    },
    **{
        f"api/^mcu-devices/(?P<device_id>[A-Za-z0-9_-]{{3,64}})/{act}/$": {
            **dict.fromkeys(("GET", "PATCH"), NO_METHOD_FOR_MEMBERS),
            "POST": DEVICE_ACT.format(status),
        }
        for act, status in (("rotate-secret", 200), ("revoke", 200), ("retire", 400))
    },
    "api/mcu-devices/<slug:device_id>/calibrations/": {"GET": ONE_OF_LITEIN, "POST": GEOMETRY_EDITORS.format(400, 404)},
    "api/mcu-devices/<slug:device_id>/assign/": {"POST": GEOMETRY_EDITORS.format(400, 404)},
    "api/mcu-devices/<slug:device_id>/holds/": {"GET": ONE_OF_LITEIN},
    "api/mcu-devices/<slug:device_id>/holds/<int:pk>/close/": {"POST": GEOMETRY_EDITORS.format(404, 404)},
    "api/mcu-devices/<slug:device_id>/calibrations/<int:pk>/certificate/": {
        "GET": ONE_OF_LITEIN.replace("200", "404"),
        "POST": GEOMETRY_EDITORS.format(415, 415),  # JSON, where a form belongs
    },
    "api/^device-claims/$": {
        "GET": "401 403 403 403 200 200 200 403 403 403 403",
        "POST": "401 403 403 403 400 400 403 403 403 403 403",
    },
    "api/^device-claims/(?P<pk>[0-9]{1,9})/$": {
        "GET": "401 403 403 403 200 404 404 403 403 403 403",
        "POST": "401 403 403 403 405 405 405 403 403 403 403",
    },
    "api/^device-claims/(?P<pk>[0-9]{1,9})/withdraw/$": {
        "GET": "401 403 403 403 405 405 405 403 403 403 403",
        "POST": "401 403 403 403 200 404 404 403 403 403 403",
    },
    # Who manages devices sends an empty list where an object belongs: 400. Withdrawn: a command that does not exist.
    "api/^mcu-devices/(?P<device_id>[A-Za-z0-9_-]{3,64})/commands/$": {
        "GET": ONE_OF_LITEIN,
        "POST": "401 403 403 404 400 404 400 403 403 403 403",
    },
    "api/^mcu-devices/(?P<device_id>[A-Za-z0-9_-]{3,64})/commands/(?P<command_id>[0-9a-f-]{36})/$": {
        "GET": ONE_OF_LITEIN.replace("200", "404"),
        "POST": NO_METHOD_FOR_MEMBERS,
    },
    "api/^mcu-devices/(?P<device_id>[A-Za-z0-9_-]{3,64})/commands/(?P<command_id>[0-9a-f-]{36})/withdraw/$": {
        "GET": NO_METHOD_FOR_MEMBERS,
        "POST": "401 403 403 404 404 404 404 403 403 403 403",
    },
    # The device of Litein has no rule yet, and sits in a chimney.
    "api/mcu-devices/<slug:device_id>/limits-from-rules/": {"POST": "401 403 403 403 201 404 201 403 403 403 403"},
    # Who manages devices sends an empty list where an object belongs: 400. Taken back: a period that does not exist.
    "api/mcu-devices/<slug:device_id>/set-aside/": {
        "GET": ONE_OF_LITEIN,
        "POST": "401 403 403 403 400 404 400 403 403 403 403",
    },
    "api/mcu-devices/<slug:device_id>/set-aside/<int:pk>/take-back/": {
        "POST": "401 403 403 403 404 404 404 403 403 403 403"
    },
    "api/mcu-devices/<slug:device_id>/go-no-go/": {
        "GET": ONE_OF_LITEIN,
        "POST": "401 403 403 403 400 404 400 403 403 403 403",
    },
    # A run that does not exist.
    "api/mcu-devices/<slug:device_id>/go-no-go/<int:run_id>/": {"GET": "401 403 404 404 404 404 404 404 404 403 404"},
    "api/mcu-devices/<slug:device_id>/health/": {"GET": ONE_OF_LITEIN},
    # Only HQ, and by a form. Image and roll-out do not exist.
    "api/^firmware-images/$": {"GET": READERS, "POST": "401 403 403 403 415 415 403 403 403 403 403"},
    "api/^firmware-images/(?P<pk>[0-9]{1,9})/$": {
        "GET": READERS.replace("200", "404"),
        "POST": "401 403 403 403 405 405 403 403 403 403 403",
    },
    "api/^firmware-images/(?P<pk>[0-9]{1,9})/roll-out/$": {
        "GET": READERS.replace("200", "404"),
        "POST": "401 403 403 403 404 404 403 403 403 403 403",
    },
    "api/^firmware-images/(?P<pk>[0-9]{1,9})/roll-out/halt/$": {
        "GET": READERS.replace("200", "405"),
        "POST": "401 403 403 403 404 404 403 403 403 403 403",
    },
    "api/^energy-types/$": {"GET": ENERGY_READERS},
    "api/^energy-types/(?P<code>[a-z0-9_]+)/$": {"GET": ENERGY_READERS},
    # Only HQ adds factors of its own; it sends an empty list where an object belongs: 400.
    "api/^emission-factors/$": {"GET": ENERGY_READERS, "POST": "401 403 403 403 400 400 403 403 403 403 403"},
    "api/^emission-factors/(?P<pk>[0-9]{1,9})/$": {
        "GET": ENERGY_READERS,
        "POST": "401 403 403 403 405 405 403 403 403 403 403",
    },
    "api/^local-units/$": {
        "GET": ENERGY_READERS,
        "POST": ENERGY_WRITERS.format(400),
        "PATCH": ENERGY_WRITERS.format(405),
    },
    "api/^local-units/(?P<pk>[0-9]{1,9})/$": {
        "GET": ENERGY_OF_LITEIN,
        "POST": ENERGY_WRITERS.format(405),
        "PATCH": ENERGY_WRITERS_OF_LITEIN.format(400),
    },
    **{f"api/^{log}/{path}": row for log in ("energy-entries", "production") for path, row in OF_A_LOG.items()},
    # The operator founds organisations; HQ changes its own, and sends an empty list where an object belongs: 400.
    "api/^organisations/$": {
        "GET": "401 403 403 403 200 200 403 200 403 200 403",
        "POST": "401 403 403 403 403 403 403 403 403 400 403",
        "PATCH": "401 403 403 403 405 405 403 403 403 405 403",
    },
    "api/^organisations/(?P<pk>[0-9]{1,9})/$": {
        "GET": "401 403 403 403 200 404 403 200 403 200 403",
        "PATCH": "401 403 403 403 400 404 403 403 403 403 403",
    },
    "api/^organisations/(?P<pk>[0-9]{1,9})/invite/$": {
        "POST": "401 403 403 403 403 403 403 403 403 400 403",
        "PATCH": "401 403 403 403 405 405 403 403 403 405 403",
    },
    # HQ's sheets of sites; a preview that waits cannot be confirmed: 409.
    "api/^site-sheets/$": {m: MANAGERS.format(status) for m, status in (("GET", 405), ("POST", 415))},
    "api/^site-sheets/template/$": {"GET": MANAGERS.format(200), "POST": MANAGERS.format(405)},
    "api/^site-sheets/(?P<pk>[0-9]{1,9})/$": {"GET": MANAGERS_OF_KTDA.format(200), "POST": MANAGERS.format(405)},
    "api/^site-sheets/(?P<pk>[0-9]{1,9})/confirm/$": {
        "GET": MANAGERS.format(405),
        "POST": MANAGERS_OF_KTDA.format(409),
    },
    "api/^site-sheets/(?P<pk>[0-9]{1,9})/links/$": {"GET": MANAGERS.format(405), "POST": MANAGERS_OF_KTDA.format(200)},
    # Only HQ sets targets, of its own factories.
    "api/^targets/$": {
        "GET": ENERGY_READERS,
        **{m: MANAGERS.format(status) for m, status in (("POST", 400), ("PATCH", 405))},
    },
    "api/^targets/(?P<pk>[0-9]{1,9})/$": {
        "GET": ENERGY_OF_LITEIN,
        "POST": MANAGERS.format(405),
        "PATCH": MANAGERS_OF_KTDA.format(400),
    },
    # Managers of Litein, HQ and installers look after alarms; a list of JSON where an object belongs: 400.
    "api/^alerts/$": {"GET": READERS, "POST": ALARM_ACTS.format(405)},
    "api/^alerts/causes/$": {"GET": READERS, "POST": ALARM_ACTS.format(405)},
    "api/^alerts/(?P<pk>[0-9]{1,9})/$": {"GET": ONE_OF_LITEIN, "POST": ALARM_ACTS.format(405)},
    **{
        f"api/^alerts/(?P<pk>[0-9]{{1,9}})/{act}/$": {
            "GET": READERS.replace("200", "405"),
            "POST": "401 403 400 404 400 404 400 403 403 403 403",
        }
        for act in ("acknowledge", "comment", "assign", "snooze", "close")
    },
    "api/^alert-rules/$": {"GET": READERS, **RULES_OF_HQ, "POST": MANAGERS.format(400)},
    "api/^alert-rules/(?P<pk>[0-9]{1,9})/$": {
        "GET": "401 403 200 200 200 404 200 200 200 403 200",
        **RULES_OF_HQ,
        "PATCH": MANAGERS_OF_KTDA.format(400),
        "DELETE": MANAGERS_OF_KTDA.format(409),
    },
    **{
        f"api/^alert-rules/{act}/$": {"GET": READERS.replace("200", "405"), **RULES_OF_HQ, "POST": MANAGERS.format(400)}
        for act in ("copy", "import")
    },
    "api/^alert-rules/export/$": {"GET": "401 403 403 403 200 200 403 200 200 403 200", **RULES_OF_HQ},
    "api/^alert-rules/proposal/$": {"GET": READERS.replace("200", "400"), **RULES_OF_HQ},
    **{f"api/factories/<int:pk>/{name}/": {"GET": ENERGY_OF_LITEIN} for name in ("intensity", "fire")},
    "api/register/": {"GET": NOBODYS, "POST": OPEN.replace("200", "400"), **dict.fromkeys(UNSAFE[1:], NOBODYS)},
    "api/invitations/accept/": {
        "GET": NOBODYS,
        "POST": OPEN.replace("200", "400"),
        **dict.fromkeys(UNSAFE[1:], NOBODYS),
    },
    "api/^registrations/$": {**NOT_BY_MANAGERS, "GET": MANAGERS.format(200)},
    "api/^registrations/(?P<pk>[0-9]{1,9})/$": {**NOT_BY_MANAGERS, "GET": MANAGERS_OF_KTDA.format(200)},
    "api/^registrations/(?P<pk>[0-9]{1,9})/approve/$": {**NOT_BY_MANAGERS, "POST": MANAGERS_OF_KTDA.format(400)},
    "api/^registrations/(?P<pk>[0-9]{1,9})/decline/$": {**NOT_BY_MANAGERS, "POST": MANAGERS_OF_KTDA.format(200)},
    "api/^invitations/$": {**NOT_BY_MANAGERS, "GET": MANAGERS.format(200), "POST": MANAGERS.format(400)},
    "api/^invitations/(?P<pk>[0-9]{1,9})/$": {
        **NOT_BY_MANAGERS,
        "GET": MANAGERS_OF_KTDA.format(200),
        "DELETE": MANAGERS_OF_KTDA.format(204),
    },
    "api/^members/$": {**NOT_BY_MANAGERS, "GET": MANAGERS.format(200)},
    "api/^members/(?P<pk>[0-9]{1,9})/$": {
        **NOT_BY_MANAGERS,
        "GET": MANAGERS_OF_KTDA.format(200),
        "PATCH": MANAGERS_OF_KTDA.format(400),
        "DELETE": MANAGERS_OF_KTDA.format(204),
    },
    # Nothing was changed in the last ten minutes: there is nothing to undo.
    "api/^members/(?P<pk>[0-9]{1,9})/undo/$": {**NOT_BY_MANAGERS, "POST": MANAGERS_OF_KTDA.format(409)},
    "api/^members/(?P<pk>[0-9]{1,9})/password-link/$": {**NOT_BY_MANAGERS, "POST": MANAGERS_OF_KTDA.format(201)},
    "api/^tokens/$": {
        "GET": "401 200 200 200 200 200 200 200 200 200 200",
        "POST": "401 400 400 400 400 400 400 400 400 400 400",
    },
    # HQ's own token: one that only reads sees itself alone.
    "api/^tokens/(?P<token_key>[A-Za-z0-9_]{8,40})/$": {
        "GET": "401 404 404 404 200 404 404 404 404 404 404",
        "DELETE": "401 404 404 404 204 404 404 404 404 404 404",
    },
    # A person's own: everybody has none, and a program's token manages nothing of its person.
    "api/^notice-channels/$": {
        "GET": PERSONS.format(200),
        "POST": PERSONS.format(400),
        **_no("PUT", "PATCH", "DELETE"),
    },
    "api/^notice-channels/(?P<pk>[0-9]{1,9})/$": {
        **_no("PUT", "POST"),
        **dict.fromkeys(("GET", "DELETE"), PERSONS.format(404)),
        "PATCH": PERSONS.format(400),
    },
    "api/^notice-channels/(?P<pk>[0-9]{1,9})/prove/$": {
        **_no("PUT", "GET", "PATCH", "DELETE"),
        "POST": PERSONS.format(400),
    },
    "api/^notice-channels/(?P<pk>[0-9]{1,9})/code/$": {
        **_no("PUT", "GET", "PATCH", "DELETE"),
        "POST": PERSONS.format(404),
    },
    "api/notice-channels/kinds/": {"GET": PERSONS.format(200), **_no("PUT", "POST", "PATCH", "DELETE")},
    "api/notice-settings/": {"GET": PERSONS.format(200), "PATCH": PERSONS.format(400), **_no("PUT", "POST", "DELETE")},
    "api/^notices/$": {"GET": PERSONS.format(200), **_no("PUT", "POST", "PATCH", "DELETE")},
    "api/^notices/(?P<pk>[0-9]{1,9})/$": {"GET": PERSONS.format(404), **_no("PUT", "POST", "PATCH", "DELETE")},
    **{
        f"api/^{name}/$": {**NOT_BY_MANAGERS, "GET": MANAGERS.format(200), "POST": MANAGERS.format(400)}
        for name in ("notice-gateways", "roster-shifts")
    },
    "api/^notice-gateways/(?P<pk>[0-9]{1,9})/$": {
        **NOT_BY_MANAGERS,
        **dict.fromkeys(("GET", "DELETE"), MANAGERS.format(404)),
    },
    "api/^roster-shifts/(?P<pk>[0-9]{1,9})/$": {
        **NOT_BY_MANAGERS,
        **dict.fromkeys(("GET", "PATCH", "DELETE"), MANAGERS.format(404)),
    },
    r"api/^[\s\S]*$": {"GET": NOT_THERE, **dict.fromkeys(UNSAFE, NOT_THERE)},
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
    "devices/": {"GET": "302 403 200 200 200 200 200 200 403 403 302"},
    "add-device/": dict.fromkeys(("GET", "POST"), "302 403 403 403 200 200 200 403 403 403 302"),
    "device-codes/": dict.fromkeys(("GET", "POST"), "302 403 403 403 200 200 403 403 403 403 302"),
    "device-codes/<int:pk>/withdraw/": {"POST": "302 403 403 403 302 404 404 403 403 403 302"},
    **{
        f"devices/<slug:device_id>/{act}/": dict.fromkeys(("GET", "POST"), DEVICE_PAGE)
        for act in ("edit", "assign", "settings", "calibrations/new")
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
    "firmware/images/<str:token>/": {"GET": NOT_THERE},
    # The auditor reads; who may not write a target gets 403, and one out of scope is not there.
    "targets/": {"GET": "302 403 200 200 200 200 403 200 403 403 302"},
    "targets/new/": {"GET": MANAGERS_PAGE, "POST": MANAGERS_PAGE},
    "targets/<int:pk>/": {
        "GET": "302 403 200 404 200 404 403 200 403 403 302",
        "POST": "302 403 403 404 200 404 403 403 403 403 302",
    },
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
