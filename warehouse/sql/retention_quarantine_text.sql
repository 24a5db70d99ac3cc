-- Empties what rows in quarantine held and the sentences that quote it; reason, place and size stay.
-- $after, $through: batches, the first excluded.
UPDATE quarantine SET raw = '', detail = 'the text of this row was removed when it reached its age'
WHERE batch > $after AND batch <= $through AND (raw <> '' OR NOT starts_with(detail, 'the text of this row was removed'))
