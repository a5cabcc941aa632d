-- Takes readings out of the batch. Parameters: positions. Called by store.py.
DELETE FROM ingest_staging WHERE position = ANY (%(positions)s::integer[])
