-- Adds counts to the counters, in key order against deadlocks. Parameters: outcomes, reasons, counts (three arrays
-- of one length), slot. Rides the primary key. Called by outcomes.py.
INSERT INTO mqtt_ingest_ingestcounter AS counter (outcome, reason, slot, count)
SELECT outcome, reason, %(slot)s, amount
FROM unnest(%(outcomes)s::text[], %(reasons)s::text[], %(counts)s::bigint[]) AS t (outcome, reason, amount)
ORDER BY outcome, reason
ON CONFLICT (outcome, reason, slot) DO UPDATE SET count = counter.count + excluded.count
