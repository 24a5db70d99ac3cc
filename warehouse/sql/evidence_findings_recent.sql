-- Newest findings first, found at or after $since (UTC); $limit: most rows.
SELECT found_at, kind, state, severity, stream, subject, name, detail, observed, expected, batch, seen_at
FROM findings WHERE found_at >= $since ORDER BY found_at DESC, rowid DESC LIMIT $limit
