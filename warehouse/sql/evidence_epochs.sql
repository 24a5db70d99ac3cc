-- Grain: one epoch of one gate ($gate, NULL: the one epoch $epoch), in order of opening.
SELECT epoch, gate, rollout, release, config_digest, first_window, opened_at, folded_through, corrects, closed_at,
       close_reason, windows, opened_for, coalesce(parts, '') AS parts
FROM epochs
WHERE CASE WHEN $gate::VARCHAR IS NULL THEN epoch = $epoch ELSE gate = $gate END
ORDER BY opened_at, rowid
