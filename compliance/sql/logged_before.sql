-- What of the last factory days was entered in time: heat, other, electricity, production. Of the day that ended last:
-- until now; of those before it: until the end of the day that followed. A row for each that covers enough of the day;
-- what is not there was missing. An entry counts from when it was first recorded, however it was corrected since. What
-- an entry is, is decided as in figures.py. Rides energy_use_by_end and production_by_factory_and_time; production
-- periods reach back 35 days. Called by compliance/schedule.py.
-- Parameters: factory_ids, zones, starts (of one length; when the running day began, by the site's clock); days (how
-- many), now, enough, engine_fuels, engine_sources, heat_sources.
WITH asked AS MATERIALIZED (
    SELECT f.factory_id, (f.running - n * interval '1 day')::date AS day,
           (f.running - n * interval '1 day') AT TIME ZONE f.zone AS starts_at,
           (f.running - (n - 1) * interval '1 day') AT TIME ZONE f.zone AS ends_at,
           least((f.running - (n - 2) * interval '1 day') AT TIME ZONE f.zone, %(now)s::timestamptz) AS moment
    FROM unnest(%(factory_ids)s::integer[], %(zones)s::text[], %(starts)s::timestamp[]) AS f (factory_id, zone, running),
         generate_series(1, %(days)s) AS n
), stretch AS MATERIALIZED (
    SELECT min(starts_at) AS first, max(ends_at) AS last FROM asked
), entered AS MATERIALIZED (
    SELECT e.factory_id, e.created_at, tstzrange(e.period_start, e.period_end) AS period,
           CASE
               WHEN t.carrier = 'grid' THEN 'electricity'
               WHEN t.carrier = 'heat' THEN 'heat'
               WHEN t.carrier <> 'fuel' OR s.kind = ANY (%(engine_sources)s) THEN 'other'
               WHEN t.code = ANY (%(engine_fuels)s) AND coalesce(s.kind, '') <> ALL (%(heat_sources)s) THEN 'other'
               ELSE 'heat'
           END AS item
    FROM stretch
    JOIN energy_energyentry AS e
      ON e.factory_id = ANY (%(factory_ids)s::integer[]) AND e.kind = 'used' AND e.deleted_at IS NULL
     AND e.period_start < stretch.last AND e.period_end > stretch.first
    JOIN energy_energytype AS t ON t.id = e.energy_type_id
    LEFT JOIN factories_emissionsource AS s ON s.id = e.source_id
    UNION ALL
    SELECT p.factory_id, p.created_at, tstzrange(p.period_start, p.period_end), 'production'
    FROM stretch
    JOIN production_productionentry AS p
      ON p.factory_id = ANY (%(factory_ids)s::integer[]) AND p.product IN ('made_tea', 'coal')
     AND p.deleted_at IS NULL AND p.period_start >= stretch.first - interval '35 days'
     AND p.period_start < stretch.last AND p.period_end > stretch.first
), covered AS (
    SELECT a.factory_id, a.day, a.starts_at, a.ends_at, e.item,
           range_agg(e.period) * tstzmultirange(tstzrange(a.starts_at, a.ends_at)) AS periods
    FROM asked AS a
    JOIN entered AS e
      ON e.factory_id = a.factory_id AND e.created_at < a.moment AND e.period && tstzrange(a.starts_at, a.ends_at)
    GROUP BY a.factory_id, a.day, a.starts_at, a.ends_at, e.item
)
SELECT factory_id, day, item
FROM covered
WHERE (SELECT sum(upper(p) - lower(p)) FROM unnest(periods) AS p) >= %(enough)s * (ends_at - starts_at)
