"""The cross-section of a chimney, drawn to scale from its inner dimensions, with the place of the probe."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from factories.choices import ProbePosition, Shape
from factories.models import LARGEST_DUCT_M, Chimney

SIZE = 200.0  # of the drawing; its longest side takes it up
CENTRE = 140.0  # of the drawing in its margins


@dataclass(frozen=True, slots=True)
class Picture:
    """Coordinates in the SVG, and its labels; `down` is empty for a round duct."""

    x: float
    y: float
    width: float
    height: float
    probe_x: float
    across: str
    down: str
    title: str
    centre: float = CENTRE

    @property
    def radius(self) -> float:
        return self.width / 2


def picture(chimney: Chimney) -> Picture | None:
    """None until dimensions are stated that can be."""
    is_round = chimney.shape == Shape.CIRCLE
    across_m, down_m = (chimney.diameter_m,) * 2 if is_round else (chimney.width_m, chimney.height_m)
    if not across_m or not down_m or min(across_m, down_m) < 0 or max(across_m, down_m) > LARGEST_DUCT_M:
        return None
    scale = SIZE / max(across_m, down_m)
    width, height = round(across_m * scale, 1), round(down_m * scale, 1)
    is_axis = chimney.probe_position == ProbePosition.AXIS
    across, down = f"{across_m:g} m", "" if is_round else f"{down_m:g} m"
    words = _("%(across)s by %(down)s inside: %(area)s m2.")
    if is_round:
        words = _("Round, %(across)s inside: %(area)s m2.")
    return Picture(
        x=CENTRE - width / 2,
        y=CENTRE - height / 2,
        width=width,
        height=height,
        probe_x=CENTRE if is_axis else CENTRE + width / 4,
        across=across,
        down=down,
        title=words % {"across": across, "down": down, "area": f"{chimney.area_m2:.3f}"},
    )
