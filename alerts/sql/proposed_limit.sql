-- A share of the minutes of a site's devices of record since a time, of one column of minutes; null with fewer than
-- `least` of them. Rides the primary key of minutes. Called by alerts/rules.py, which names the column.
-- Parameters: factory_id, since, share (0 to 1), only_firing, least.
SELECT CASE WHEN count(m./* column */) >= %(least)s
            THEN percentile_cont(%(share)s) WITHIN GROUP (ORDER BY m./* column */) END AS value
FROM devices_assignment AS a
JOIN emissions_emissionminute AS m
  ON m.device_id = a.device_id AND m.assignment_id = a.id AND m.period_start >= %(since)s
WHERE a.factory_id = %(factory_id)s AND a.is_of_record AND (m.is_firing_like OR NOT %(only_firing)s)
