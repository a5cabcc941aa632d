"""The people of the simulated world: users who can sign in, and managers with only a phone. All invented.

Facts only; `world.py` puts them into the database.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from accounts.roles import Role
from demo import cast, mines

ORGANISATION_NAME = "KTDA (simulated)"
# Separate from the 67 factories, so that trials never count in their totals and rankings.
SANDBOX_NAME = "Sandbox (simulated)"
MAIL_DOMAIN = "demo.carbontrack.example"
# Ofcom reserves these numbers for film and theatre: they reach nobody.
PHONE_PREFIX = "+447700900"

# First names on the first line, last names on the second.
_NAMES_FILE = Path(__file__).parent / "data" / "names.txt"
_FIRST_NAMES, _LAST_NAMES = (line.split() for line in _NAMES_FILE.read_text(encoding="utf-8").splitlines())


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of an organisation. `factories`: names; none means the whole organisation. No login: phone only."""

    first_name: str
    last_name: str
    role: Role
    login: str = ""
    phone: str | None = None
    factories: tuple[str, ...] = ()
    organisation: str = ORGANISATION_NAME
    sees_sandbox: bool = False

    @property
    def email(self) -> str | None:
        return f"{self.login}@{MAIL_DOMAIN}" if self.login else None

    @property
    def description(self) -> str:
        places = _("the whole organisation")
        if self.organisation != ORGANISATION_NAME:
            places = self.organisation
        elif len(self.factories) == 1:
            places = self.factories[0]
        elif self.factories:
            places = _("%(count)d factories") % {"count": len(self.factories)}
        if self.sees_sandbox:
            places = _("%(places)s and the sandbox") % {"places": places}
        return f"{self.role.label}, {places}"


PEOPLE = (
    Person("Wanjiku", "Kamau", Role.HQ_MANAGER, "hq", sees_sandbox=True),
    Person(
        "Kiprono", "Langat", Role.FACTORY_MANAGER, "manager", f"{PHONE_PREFIX}099", factories=(cast.MANAGED_FACTORY,)
    ),
    Person("Akinyi", "Odhiambo", Role.AUDITOR, "auditor"),
    Person(
        "Chebet",
        "Rotich",
        Role.INSTALLER,
        "installer",
        factories=(cast.MANAGED_FACTORY, cast.WITHOUT_DEVICE, "Kapkatet Tea Factory", "Momul Tea Factory"),
        sees_sandbox=True,
    ),
    Person("Mutiso", "Nzioka", Role.INTEGRATOR, "integrator", sees_sandbox=True),
    Person("Ananya", "Mahato", Role.HQ_MANAGER, "mine", organisation=mines.ORGANISATION_NAME),
)

_MINE_MANAGERS = (("Rakesh", "Soren"), ("Sunita", "Oraon"), ("Debashis", "Bauri"))


def staff() -> Iterator[Person]:
    """The managers of all other sites: they log, and HQ can call them, but nobody can sign in as them."""
    for number, factory in enumerate(cast.factories()):
        if factory.name == cast.MANAGED_FACTORY:
            continue
        yield Person(
            _FIRST_NAMES[number % len(_FIRST_NAMES)],
            _LAST_NAMES[number % len(_LAST_NAMES)],
            Role.FACTORY_MANAGER,
            phone=f"{PHONE_PREFIX}{100 + number}",
            factories=(factory.name,),
        )
    for number, (mine, name) in enumerate(zip(mines.MINES, _MINE_MANAGERS, strict=True)):
        yield Person(
            *name,
            Role.FACTORY_MANAGER,
            phone=f"{PHONE_PREFIX}{200 + number}",
            factories=(mine.name,),
            organisation=mines.ORGANISATION_NAME,
        )
