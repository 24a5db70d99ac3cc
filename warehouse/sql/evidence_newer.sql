-- Grain: one folded window of one of the epochs $epochs that begins after the time of $after at the same place
-- (microseconds since 1970), in order of epoch and window; columns and units as in evidence_rows.
SELECT epoch_us(window_start) AS window_start, epoch_us(window_end) AS window_end, units, scored_units,
       total_low::VARCHAR AS total_low, total_high::VARCHAR AS total_high, breach_growth, pass_growth,
       coalesce(counts, []) AS counts, through_batch, source_digest, epoch_us(folded_at) AS folded_at
FROM evidence JOIN (SELECT unnest($epochs) AS epoch, make_timestamptz(unnest($after)) AS after) USING (epoch)
WHERE evidence.window_start > after
ORDER BY epoch, evidence.window_start
