-- Sums the rows of some batches of a stream.
-- Grain: batch x batch that closed the rows x rollout x release x arm x simulated. $stream, $batches; $first, $last: the
-- span of those batches, by which the store finds their rows. Composed in: the event table.
INSERT INTO batch_rows BY NAME
SELECT $stream AS stream, batch, closed_by, rollout, coalesce(release, '') AS release, coalesce(arm, '') AS arm,
       coalesce(simulated, false) AS simulated, count(*) AS rows, min(occurred_at) AS first_at,
       max(occurred_at) AS last_at
FROM {events}
WHERE batch BETWEEN $first AND $last AND list_contains($batches::BIGINT[], batch)
GROUP BY ALL ORDER BY ALL
