-- Removes the folded windows of epochs that were closed before $bound.
DELETE FROM evidence WHERE epoch IN (SELECT epoch FROM epochs WHERE closed_at < $bound)
