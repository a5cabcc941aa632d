"""The answer of every address to every role: one row per address, written by hand. Here the rows of the API; those of
pages are in `access_pages.py`, answers that many share in `access_answers.py`. `test_access.py` walks them."""

from tests.access_answers import (
    ALARM_ACTS,
    AUDIT,
    BY_TOKEN,
    DEVICE_ACT,
    ENERGY_OF_LITEIN,
    ENERGY_READERS,
    ENERGY_WRITERS,
    ENERGY_WRITERS_OF_LITEIN,
    EVENT_WRITERS,
    GEOMETRY_EDITORS,
    MANAGERS,
    MANAGERS_OF_KTDA,
    NO_METHOD_FOR_MEMBERS,
    NOBODYS,
    NOT_BY_MANAGERS,
    NOT_THERE,
    ONE_OF_LITEIN,
    OPEN,
    PERSONS,
    PROFILES,
    READERS,
    REJECTED,
    RULES_OF_HQ,
    SIGN_OUT,
    SITE_EDITORS,
    UNSAFE,
    no_method,
)
from tests.access_pages import PAGES

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
    "api/explain/pack.zip": {"GET": READERS.replace("200", "400")},
    "api/inventory/diff/": {"GET": ENERGY_READERS.replace("200", "400")},  # without a period
    "api/explain/": {"GET": READERS.replace("200", "400")},  # without a figure
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
    "api/^site-events/(?P<pk>[0-9]{1,9})/restore/$": {
        "GET": NO_METHOD_FOR_MEMBERS,
        "POST": EVENT_WRITERS.format(200, 404),
        **dict.fromkeys(("PATCH", "DELETE"), EVENT_WRITERS.format(405, 405)),
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
    # A profile belongs to the organisation; who manages profiles sends an empty list where an object belongs: 400.
    "api/^device-profiles/$": {
        "GET": READERS,
        "POST": PROFILES.format(400, 400),
        **dict.fromkeys(("PATCH", "DELETE"), PROFILES.format(405, 405)),
    },
    "api/^device-profiles/(?P<pk>[0-9]{1,9})/$": {
        "GET": ONE_OF_LITEIN.replace("200 404 200 404", "200 200 200 404"),
        "POST": PROFILES.format(405, 405),
        **dict.fromkeys(("PATCH", "DELETE"), PROFILES.format(400, 404)),  # it is in use, so it is not deleted
    },
    **{
        f"api/^device-profiles/(?P<pk>[0-9]{{1,9}})/{act}/$": {
            "GET": NO_METHOD_FOR_MEMBERS,
            "POST": PROFILES.format(400, 404),
            **dict.fromkeys(("PATCH", "DELETE"), PROFILES.format(405, 405)),
        }
        for act in ("assign", "unassign", "preview")
    },
    **{
        f"api/^sensor-channels/{one}$": {"GET": get, **dict.fromkeys(("POST", "DELETE"), ENERGY_WRITERS.format(405))}
        for one, get in (("", READERS), ("(?P<pk>[0-9]{1,9})/", ONE_OF_LITEIN))
    },
    "api/^sensor-channels/(?P<pk>[0-9]{1,9})/meter/$": {
        "GET": READERS.replace("200", "405"),
        "POST": ENERGY_WRITERS_OF_LITEIN.format(400),
        "DELETE": ENERGY_WRITERS_OF_LITEIN.format(200),
    },
    "api/^rejected-messages/$": {"GET": REJECTED.format(200, 200), "POST": PROFILES.format(405, 405)},
    "api/^rejected-messages/(?P<pk>[0-9]{1,9})/$": {
        "GET": REJECTED.format(200, 404),
        "POST": PROFILES.format(405, 405),
    },
    "api/^rejected-messages/replay/$": {"GET": REJECTED.format(405, 405), "POST": PROFILES.format(400, 400)},
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
    # Of an entry of Litein. The right to add is that of the row which the form names: all with a site come to it, and
    # send JSON.
    "api/^evidence/$": {"GET": READERS, "POST": READERS.replace("200", "415")},
    **{
        f"api/^evidence/(?P<pk>[0-9]{{1,9}})/{of}$": {"GET": ENERGY_OF_LITEIN, "POST": NO_METHOD_FOR_MEMBERS}
        for of in ("", "file/", "thumbnail/")
    },
    "api/^evidence/(?P<pk>[0-9]{1,9})/remove/$": {
        "GET": NO_METHOD_FOR_MEMBERS,
        "POST": ENERGY_WRITERS_OF_LITEIN.format(400),
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
        "GET": "401 403 403 403 405 405 403 405 403 405 403",
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
    "api/factories/<int:pk>/wood-lot/": {"GET": ENERGY_OF_LITEIN, "POST": ENERGY_WRITERS_OF_LITEIN.format(400)},
    # Only HQ. An empty list where an object belongs: 400.
    "api/factories/<int:pk>/typing-hints/": {"GET": MANAGERS_OF_KTDA.format(200), "POST": MANAGERS_OF_KTDA.format(400)},
    # HQ makes, signs and publishes reports; managers, auditors and integrators read. Litein's is published: 409.
    "api/compliance/verify/": {"GET": OPEN.replace("200", "400"), **dict.fromkeys(UNSAFE, NOBODYS)},
    "api/^compliance/$": {"GET": ENERGY_READERS, "POST": MANAGERS.format(400), "PATCH": MANAGERS.format(405)},
    **{
        f"api/^compliance/{name}/$": {"GET": ENERGY_READERS, **dict.fromkeys(("POST", "PATCH"), MANAGERS.format(405))}
        for name in ("schemes", "due")
    },
    # An auditor verifies, and sends an empty list where an object belongs: 400. Litein and HQ answer.
    "api/compliance/<int:pk>/verification/": {
        "GET": ENERGY_OF_LITEIN,
        **{m: "401 403 403 403 403 403 403 " + s + " 403 403 403" for m, s in (("POST", "200"), ("PATCH", "400"))},
    },
    **{
        f"api/compliance/<int:pk>/verification/{act}/": {"POST": f"401 403 403 403 403 403 403 {status} 403 403 403"}
        for act, status in (
            *(("sample", 400), ("opinion", 400), ("findings", 400)),
            ("findings/<int:finding_id>/close", 404),
        )
    },
    "api/compliance/<int:pk>/verification/findings/<int:finding_id>/answer/": {
        "POST": "401 403 400 404 400 404 403 403 403 403 403"
    },
    "api/compliance/<int:pk>/links/": {"GET": MANAGERS_OF_KTDA.format(200), "POST": MANAGERS_OF_KTDA.format(400)},
    "api/compliance/<int:pk>/links/<int:link_id>/revoke/": {"POST": MANAGERS_OF_KTDA.format(404)},
    "api/^disputes/$": {"GET": ENERGY_READERS, "POST": ENERGY_WRITERS.format(400)},
    "api/^disputes/(?P<pk>[0-9]{1,9})/$": {"GET": ENERGY_OF_LITEIN, "POST": ENERGY_WRITERS.format(405)},
    "api/^disputes/(?P<pk>[0-9]{1,9})/decide/$": {
        "GET": ENERGY_READERS.replace("200", "405"),
        "POST": "401 403 403 404 400 404 403 403 403 403 403",
    },
    "api/^compliance/(?P<pk>[0-9]{1,9})/$": {
        "GET": ENERGY_OF_LITEIN,
        **dict.fromkeys(("POST", "PATCH"), MANAGERS.format(405)),
    },
    **{
        f"api/^compliance/(?P<pk>[0-9]{{1,9}})/{act}/$": {
            "GET": ENERGY_READERS.replace("200", "405"),
            "POST": MANAGERS_OF_KTDA.format(status),
            "PATCH": MANAGERS.format(405),
        }
        for act, status in (("check", 409), ("publish", 409), ("sign", 400), ("supersede", 400), ("withdraw", 400))
    },
    "api/^compliance/(?P<pk>[0-9]{1,9})/entered/$": {
        "GET": ENERGY_READERS.replace("200", "405"),
        "POST": MANAGERS.format(405),
        "PATCH": MANAGERS_OF_KTDA.format(400),
    },
    **{
        f"api/^compliance/{name}/$": {
            "GET": MANAGERS.format(200),
            "POST": MANAGERS.format(400),
            "DELETE": MANAGERS.format(405),
        }
        for name in ("batches", "recipients")
    },
    **{
        f"api/^compliance/{name}/(?P<pk>[0-9]{{1,9}})/$": {
            "GET": MANAGERS_OF_KTDA.format(200),
            "POST": MANAGERS.format(405),
            "DELETE": ending,
        }
        for name, ending in (("batches", MANAGERS.format(405)), ("recipients", MANAGERS_OF_KTDA.format(204)))
    },
    "api/inventory/": {"GET": ENERGY_READERS},
    # Only HQ locks the basis of a source.
    "api/^basis-locks/$": {"GET": ENERGY_READERS, "POST": MANAGERS.format(400)},
    "api/^basis-locks/(?P<pk>[0-9]{1,9})/$": {"GET": ENERGY_OF_LITEIN, "POST": MANAGERS.format(405)},
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
    **{f"api/factories/<int:pk>/{name}/": {"GET": ENERGY_OF_LITEIN} for name in ("intensity", "fire", "balance")},
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
        **no_method("PUT", "PATCH", "DELETE"),
    },
    "api/^notice-channels/(?P<pk>[0-9]{1,9})/$": {
        **no_method("PUT", "POST"),
        **dict.fromkeys(("GET", "DELETE"), PERSONS.format(404)),
        "PATCH": PERSONS.format(400),
    },
    "api/^notice-channels/(?P<pk>[0-9]{1,9})/prove/$": {
        **no_method("PUT", "GET", "PATCH", "DELETE"),
        "POST": PERSONS.format(400),
    },
    "api/^notice-channels/(?P<pk>[0-9]{1,9})/code/$": {
        **no_method("PUT", "GET", "PATCH", "DELETE"),
        "POST": PERSONS.format(404),
    },
    "api/notice-channels/kinds/": {"GET": PERSONS.format(200), **no_method("PUT", "POST", "PATCH", "DELETE")},
    "api/notice-settings/": {
        "GET": PERSONS.format(200),
        "PATCH": PERSONS.format(400),
        **no_method("PUT", "POST", "DELETE"),
    },
    "api/^notices/$": {"GET": PERSONS.format(200), **no_method("PUT", "POST", "PATCH", "DELETE")},
    "api/^notices/(?P<pk>[0-9]{1,9})/$": {"GET": PERSONS.format(404), **no_method("PUT", "POST", "PATCH", "DELETE")},
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
    **PAGES,
}
