-- How many rows that are new for a review queue meet which of its strategies. Grain: batch x strategies met.
-- $after_batch: newest batch that was looked at; $due: time that a row waits for its label, in microseconds.
-- Composed in: the event table (checked identifier), the strategies (compiled expressions).
-- Only the first revision of an event counts, so that a restated row is looked at once. Rows that came when their time
-- was over are left out: no label of theirs could count.
SELECT batch, min(arrived_at) AS arrived_at, {met} AS met, count(*) AS number
FROM {events}
WHERE batch > $after_batch AND revision = 1 AND epoch_us(occurred_at) + $due > epoch_us(arrived_at)
GROUP BY batch, met
ORDER BY batch, met
