-- Note how far an epoch is folded. $through: end of its last window folded (UTC); $windows: rows appended.
UPDATE epochs SET folded_through = $through, windows = coalesce(windows, 0) + $windows WHERE epoch = $epoch
