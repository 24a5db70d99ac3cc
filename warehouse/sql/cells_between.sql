-- How many batches of a stream lie between two. $stream; $first, $last: numbers of batches, both included.
SELECT count(*) FROM batches WHERE stream = $stream AND batch BETWEEN $first::BIGINT AND $last::BIGINT
