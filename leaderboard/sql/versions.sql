-- When the days of each site that are over were last recomputed, and how many there are: what sums of them depend on. The
-- running day is in no sum, and recomputed with every hour. One pass over the table. Called by
-- leaderboard/sums.py. Parameters: factory_ids, now.
SELECT factory_id, max(refreshed_at), count(*)
FROM compliance_siteday
WHERE factory_id = ANY (%(factory_ids)s::integer[]) AND ends_at <= %(now)s
GROUP BY factory_id
