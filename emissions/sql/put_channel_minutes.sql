-- Stores values of channels, the newest of each minute; a repeat changes nothing. In key order against deadlocks.
-- Parameters: channels, measured_at, amounts (three arrays of one length). Rides the primary key. Called by channels.py.
INSERT INTO emissions_channelminute AS stored (channel_id, minute, measured_at, amount)
SELECT DISTINCT ON (channel_id, date_trunc('minute', measured_at))
    channel_id, date_trunc('minute', measured_at), measured_at, amount
FROM unnest(%(channels)s::bigint[], %(measured_at)s::timestamptz[], %(amounts)s::double precision[])
    AS t (channel_id, measured_at, amount)
ORDER BY channel_id, date_trunc('minute', measured_at), measured_at DESC
ON CONFLICT (channel_id, minute) DO UPDATE
SET measured_at = excluded.measured_at, amount = excluded.amount
WHERE stored.measured_at < excluded.measured_at
