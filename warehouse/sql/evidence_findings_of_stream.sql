-- Grain: one finding of kind $kind about $stream, newest first, $limit at most.
SELECT found_at, kind, state, severity, stream, subject, name, detail, observed, expected, batch, seen_at
FROM findings WHERE stream = $stream AND kind = $kind ORDER BY found_at DESC, rowid DESC LIMIT $limit
