-- Grain: one epoch of one of the gates $gates, in order of opening.
SELECT epoch, gate, rollout, release, config_digest, first_window, opened_at, folded_through, corrects, closed_at,
       close_reason, windows, opened_for, coalesce(parts, '') AS parts
FROM epochs
WHERE list_contains($gates, gate)
ORDER BY opened_at, rowid
