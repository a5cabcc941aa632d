"""Formulas of Carbon Track: plain Python over floats, Decimals and frozen dataclasses.

Lives here: every equation that turns readings, fuels and coal into kilograms, with its source.
Does not live here: Django, a database, a clock, settings, logging, or a factor looked up by date.
Start at ``docs/method.md``; each module is one of its chapters.
"""

#: Stored with every computed result. Raise it whenever a formula, a constant, a threshold or a
#: rounding changes a number, and call the size of the change out in the changelog.
METHOD_VERSION = "2"
