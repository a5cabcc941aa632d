-- When the days of each site were made last, and how many there are: what sums of them depend on. One pass over the
-- table. Called by portal/leaderboard_sums.py. Parameter: factory_ids.
SELECT factory_id, max(refreshed_at), count(*)
FROM compliance_siteday
WHERE factory_id = ANY (%(factory_ids)s::integer[])
GROUP BY factory_id
