-- Fragment: sessions with rows inside the metric; composed in: what their unscored rows are worth at least and at most.
SELECT _batch, _sign, _at, rollout, release, arm, segment, _items_{index} AS items, _unscored_{index} AS unscored,
       _total_{index} AS total, {missing_low} AS missing_low, {missing_high} AS missing_high
FROM summary_pieces
WHERE _items_{index} > 0
