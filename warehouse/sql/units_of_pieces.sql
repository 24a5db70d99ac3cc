-- Fragment: as units_of_sessions, of the sessions that were looked at as a whole.
UNION ALL
SELECT _batch, _sign, _at, rollout, release, arm, segment, _items_{index}, _unscored_{index}, _total_{index}{more}
FROM summary_pieces
WHERE _items_{index} > 0
