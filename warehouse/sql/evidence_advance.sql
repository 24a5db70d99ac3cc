-- Note how far an epoch is folded. $through: end of its last window folded (UTC).
UPDATE epochs SET folded_through = $through WHERE epoch = $epoch
