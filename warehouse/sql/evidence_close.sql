-- Close an open epoch. $at: time (UTC); $reason: text.
UPDATE epochs SET closed_at = $at, close_reason = $reason WHERE epoch = $epoch AND closed_at IS NULL
