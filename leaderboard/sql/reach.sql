-- The first day about which anything is known, of each site: one probe a site of the primary key of site days.
-- Called by leaderboard/sums.py. Parameter: factory_ids.
SELECT f.id, (SELECT min(d.day) FROM compliance_siteday AS d WHERE d.factory_id = f.id)
FROM unnest(%(factory_ids)s::integer[]) AS f (id)
