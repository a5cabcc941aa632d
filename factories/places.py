"""Where towns and factories lie and how high, by name, for whoever sets up a site.

The table is `data/places.csv`; `data/README.md` says where each value comes from. An altitude of it is a proposal: what
is stored as the site's is what a person confirms, marked as an estimate unless the factory itself states it.
"""

import csv
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from factories.sectors import SECTORS

PLACES_FILE = Path(__file__).parent / "data" / "places.csv"
MOST_CANDIDATES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPlace:
    """A factory or a town. None: no source that we could open tells it."""

    country: str
    kind: str  # "factory" or "town"
    name: str
    region: str  # a county of Kenya, a state of India
    latitude: float | None
    longitude: float | None
    altitude_m: float | None
    altitude_is_estimated: bool  # for a site of that name; false: the factory's own page states it
    town: str  # whose place and altitude stand for those of a factory; empty: its own
    source: str  # a key of docs/sources.md and the place in it; empty: nothing is known

    @property
    def label(self) -> str:
        return f"{self.name}, {self.region}" if self.region else self.name


def plain_name(name: str) -> str:
    """Names are compared without case, accents, outer spaces and the words that a sector's names may end in."""
    text = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    text = " ".join(text.replace("’", "'").split()).casefold()
    for sector in SECTORS.values():
        text = text.removesuffix(sector.name_suffix)
    return text


@cache
def all_places() -> tuple[tuple[str, KnownPlace], ...]:
    """Each place of the table with its plain name, in the order of the file: factories first."""
    with PLACES_FILE.open(encoding="utf-8", newline="") as file:
        return tuple((plain_name(row["name"]), _place(row)) for row in csv.DictReader(file))


def _place(row: dict[str, str]) -> KnownPlace:
    numbers = {name: float(row[name]) if row[name] else None for name in ("latitude", "longitude", "altitude_m")}
    estimated = row["altitude_is_estimated"] == "true"
    texts = {name: row[name] for name in ("country", "kind", "name", "region", "town", "source")}
    return KnownPlace(**texts, **numbers, altitude_is_estimated=estimated)  # type: ignore[arg-type]


def find_places(name: str, *, country: str = "", most: int = MOST_CANDIDATES) -> list[KnownPlace]:
    """Places that a name can mean, the likeliest first: of exactly that name, then beginning with it, then with it
    anywhere; among these a factory before a town. None for fewer than two letters."""
    wanted = plain_name(name)
    if len(wanted) < 2:
        return []
    found = [(rank, place) for rank, place in _ranked(wanted) if country in ("", place.country)]
    return [place for _rank, place in sorted(found, key=lambda pair: pair[0])[:most]]


def _ranked(wanted: str) -> Iterator[tuple[int, KnownPlace]]:
    for plain, place in all_places():
        if wanted in plain:
            yield (0 if plain == wanted else 1 if plain.startswith(wanted) else 2), place
