"""One sheet of an organisation's sites, chimneys, managers and targets: read, previewed, stored in one transaction."""
