"""The words of energy's notices. What a notice is, and those that production has too: `logbook/notices.py`."""

from typing import Any

from django.utils.translation import gettext as _

from logbook import notices


def words(code: str, params: dict[str, Any]) -> str:
    """The sentence of a notice, in the reader's language."""
    texts = {
        "factor_of_earlier_year": _(
            "There is no grid factor for %(on)s yet: that of %(valid_from)s is used. It will be shown when it changes."
        ),
        "factor_changes_in_period": _(
            "The factor changes on %(valid_to)s, within the period: that of its first day is used. Split it there."
        ),
        "m3_taken_as_stacked": _("m3 of wood was taken as stacked (stere), air between the logs included."),
        "moisture_default": _("Moisture was not given: 30 %% stands in for it in the balance of carbon."),
        "outside_band": _(
            "%(ratio)s %(unit)s a kg of made tea is outside the usual %(low)s to %(high)s; check the amount, the unit "
            "and the production of that time."
        ),
        "rounded": _("%(count)s values had more than 6 decimals and were rounded to 6, half to even."),
        "columns_unused": _("These columns were not used: %(columns)s."),
        "gaps": _("%(count)s periods are missing between the first and the last; the first at %(first)s."),
        "zone_from_site": _("The times have no zone: %(zone)s, the site's, was taken."),
    }
    return texts[code] % params if code in texts else notices.words(code, params)
