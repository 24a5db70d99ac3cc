-- The newest window with rows of one slice under some schemes. $schemes: their digests.
SELECT max(window_start)
FROM (
    SELECT scheme, window_start FROM profile_bins WHERE scheme IN (SELECT unnest($schemes::VARCHAR[])) AND {scope}
    GROUP BY scheme, window_start HAVING sum(items) > 0
)
