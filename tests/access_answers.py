"""Who is asked, and the answers that many addresses share, a status for each of `WHO` in its order."""

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
# Who manages device profiles and replays refused messages, and who reads these.
PROFILES_PAGE = "302 403 403 403 200 {} 200 403 403 403 302"
PROFILES = "     401 403 403 403 {0} {1} {0} 403 403 403 403"
REJECTED = "     401 403 403 403 {0} {1} {0} {0} 403 403 403"
# Who reads the audit log: HQ and auditors, of their own organisation.
AUDIT = "         {} 403 403 403 200 200 403 200 403 403 {}"
# What is a person's own, by a session; not by a program's token.
PERSONS = "       401 {0} {0} {0} {0} {0} {0} {0} {0} {0} 403"
MANAGERS_PAGE = " 302 403 403 403 200 200 403 403 403 403 302"
KTDAS_PAGE = "    302 403 403 403 {} 404 403 403 403 403 302"
GEOMETRY_PAGE = "  302 403 403 403 {0} 404 {0} 403 403 403 302"
OPERATORS_PAGE = "302 403 403 403 403 403 403 403 403 {} 302"
SIGN_OUT = {**dict.fromkeys(("GET", *UNSAFE), BY_TOKEN.format(405)), "POST": BY_TOKEN.format(204)}


def no_method(*methods: str) -> dict[str, str]:
    return dict.fromkeys(methods, PERSONS.format(405))
