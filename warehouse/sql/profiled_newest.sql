-- The newest window of one slice under some schemes, of those that start at or after $since (NULL: all). $schemes: their
-- digests.
SELECT max(window_start)
FROM (
    SELECT scheme, window_start FROM profile_bins
    WHERE scheme IN (SELECT unnest($schemes::VARCHAR[])) AND {scope}
      AND ($since::TIMESTAMPTZ IS NULL OR window_start >= $since::TIMESTAMPTZ)
    GROUP BY scheme, window_start HAVING sum(items) > 0
)
