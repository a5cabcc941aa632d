"""Places. `places.py`: organisations and sites; `plant.py`: what stands at a site; `archive.py`: rows out of use."""

from factories.models.archive import Archivable
from factories.models.places import HIGHEST_SITE_M, MOST_KG_PER_DAY, MOST_KW, Factory, Organisation, validate_time_zone
from factories.models.plant import LARGEST_DUCT_M, Chimney, EmissionSource, SiteEvent

__all__ = [
    "HIGHEST_SITE_M",
    "LARGEST_DUCT_M",
    "MOST_KG_PER_DAY",
    "MOST_KW",
    "Archivable",
    "Chimney",
    "EmissionSource",
    "Factory",
    "Organisation",
    "SiteEvent",
    "validate_time_zone",
]
