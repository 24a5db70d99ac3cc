-- Notes which versions the rows of some batches of a stream name.
-- Grain: batch x batch that closed the rows x rollout x release x arm x column x value ('' for none). $stream, $batches;
-- $first, $last: the span of those batches, by which the store finds their rows; $most: how many values of a column of a
-- batch, the most frequent ones. Composed in: the counted rows.
INSERT INTO batch_parts BY NAME
SELECT $stream AS stream, *
FROM ({told})
QUALIFY row_number() OVER (
    PARTITION BY batch, closed_by, rollout, release, arm, part ORDER BY value <> '', rows DESC, value) <= $most
ORDER BY ALL
