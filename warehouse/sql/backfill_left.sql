-- What of a request is still to be computed again. Grain: metric digest x batch. $request: digest of what was asked for.
SELECT metric_digest, batch FROM backfill_todo WHERE request = $request ORDER BY ALL
