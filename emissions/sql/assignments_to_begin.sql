-- Assignments that begin with the first reading of their device, where one came before what is known: the device had
-- no reading yet, or sent its newest first. Not before the assignment was made, nor before an assignment has ended that
-- held the chimney or the device. Rides the primary key of readings (device_id, "timestamp"), one row an assignment.
-- Called by emissions/rollups.py. No parameters.
SELECT a.id, first."timestamp"
FROM devices_assignment AS a
CROSS JOIN LATERAL (
    SELECT greatest(a.waits_since, max(o.valid_to)) AS at
    FROM devices_assignment AS o
    WHERE o.id <> a.id AND o.valid_to > a.waits_since AND (a.valid_from IS NULL OR o.valid_to <= a.valid_from)
      AND (o.device_id = a.device_id OR (o.chimney_id = a.chimney_id AND o.is_of_record AND a.is_of_record))
) AS free
CROSS JOIN LATERAL (
    SELECT e."timestamp"
    FROM emissions_emission AS e
    WHERE e.device_id = a.device_id AND e."timestamp" >= free.at
      AND (a.valid_from IS NULL OR e."timestamp" < a.valid_from)
      AND (a.valid_to IS NULL OR e."timestamp" < a.valid_to)
    ORDER BY e."timestamp"
    LIMIT 1
) AS first
WHERE a.waits_since IS NOT NULL AND (a.valid_from IS NULL OR a.valid_from > a.waits_since)
ORDER BY a.id
