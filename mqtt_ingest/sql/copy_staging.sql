-- Copies a batch in; the columns are in the order of staging.py. Called by store.py.
COPY ingest_staging FROM STDIN
