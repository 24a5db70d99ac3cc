-- Grain: one folded window of one epoch, in order of window. Times in microseconds since 1970 (UTC); totals in
-- millionths, as text, for they may be larger than any number of other programs; growths are natural logs. Rows from
-- before there were counts have none.
SELECT epoch_us(window_start) AS window_start, epoch_us(window_end) AS window_end, units, scored_units,
       total_low::VARCHAR AS total_low, total_high::VARCHAR AS total_high, breach_growth, pass_growth,
       coalesce(counts, []) AS counts, through_batch, source_digest, epoch_us(folded_at) AS folded_at
FROM evidence WHERE epoch = $epoch ORDER BY evidence.window_start
