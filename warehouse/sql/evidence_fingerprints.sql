-- Grain: one of the epochs $epochs, with a number that depends on each of its windows that begin at or before the time
-- of $through at the same place (microseconds since 1970). Growths are not looked at: they follow from the rest.
SELECT epoch, bit_xor(hash(window_start, units, through_batch, source_digest, folded_at))
FROM evidence JOIN (SELECT unnest($epochs) AS epoch, make_timestamptz(unnest($through)) AS through) USING (epoch)
WHERE window_start <= through
GROUP BY epoch
