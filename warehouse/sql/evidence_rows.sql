-- Grain: one folded window of one epoch, in order of window. Totals in millionths, growths are natural logs.
SELECT epoch, window_start, window_end, units, scored_units, total_low, total_high, breach_growth, pass_growth,
       through_batch, source_digest, folded_at
FROM evidence WHERE epoch = $epoch ORDER BY window_start
