-- Tells the live streams which readings came, one notification for each text in `payloads`. They are sent when
-- the transaction commits. Called by store.py.
SELECT pg_notify('carbontrack_readings', payload) FROM unnest(%(payloads)s::text[]) AS payload
