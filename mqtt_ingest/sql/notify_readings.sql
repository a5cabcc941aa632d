-- Tells the live streams which readings arrived, one notification for each text in `payloads`. PostgreSQL sends
-- them when the transaction commits. Called by store.py.
SELECT pg_notify('carbontrack_readings', payload) FROM unnest(%(payloads)s::text[]) AS payload
