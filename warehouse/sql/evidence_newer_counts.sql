-- Grain: one of the epochs $epochs, with how many of its windows begin after the time of $after at the same place
-- (microseconds since 1970), in order of epoch; none of an epoch without such windows.
SELECT epoch, count(*)
FROM evidence JOIN (SELECT unnest($epochs) AS epoch, make_timestamptz(unnest($after)) AS after) USING (epoch)
WHERE window_start > after
GROUP BY epoch
ORDER BY epoch
