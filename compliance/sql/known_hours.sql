-- Hours of the devices of record of a site that begin in a stretch of time, with what tells two versions of one apart.
-- Rides the primary key of hours, one assignment at a time. Called by compliance/known/causes.py.
-- Parameters: factory_id, start, end_.
SELECT h.device_id, h.period_start, h.readings, h.measured_ug, h.record_ug, h.status, h.method_version
FROM devices_assignment AS a
JOIN emissions_emissionhour AS h ON h.device_id = a.device_id AND h.assignment_id = a.id
WHERE a.factory_id = %(factory_id)s AND a.is_of_record
  AND h.period_start >= %(start)s AND h.period_start < %(end_)s
