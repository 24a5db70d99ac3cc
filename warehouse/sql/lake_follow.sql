-- Notes that the lake has followed all that the embedded file has forgotten so far. $erasures, $removals: how often that
-- was; $now: time of following (UTC).
UPDATE lake.gatehold_head SET erasures = $erasures, removals = $removals, mended_at = $now
