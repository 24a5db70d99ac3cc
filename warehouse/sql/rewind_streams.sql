-- The streams of the batches in ($after, $through].
SELECT DISTINCT stream FROM history.batches
WHERE batch > $after::BIGINT AND batch <= $through::BIGINT AND accepted + restated > 0
ORDER BY stream
