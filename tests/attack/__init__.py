"""Hostile inputs against a whole running instance: `make attack`."""
