"""Template tags of the project: how values are shown. No queries here."""
