-- Fragment: sessions with rows inside the metric.
SELECT _batch, _sign, _at, rollout, release, arm, segment, _items_{index} AS items, _unscored_{index} AS unscored,
       _total_{index} AS total
FROM summary_pieces
WHERE _items_{index} > 0
