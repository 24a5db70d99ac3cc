-- Fragment: sessions with rows inside the metric, those that are alike counted together. $gap: how long after its last
-- row a session closes; $window: length of a window, both in microseconds. Composed in: what their unscored rows are
-- worth at least and at most, columns that this is read from, and the sessions that were looked at as a whole.
SELECT _batch, _sign, _at, rollout, release, arm, segment, items, unscored, total, {missing_low} AS missing_low,
       {missing_high} AS missing_high
FROM (
    SELECT _batch, _at - (_at % $window::BIGINT + $window::BIGINT) % $window::BIGINT AS _at, rollout, release, arm,
           segment, items, unscored, total{more}, sum(_sign) AS _sign
    FROM (
        SELECT _batch, 1 AS _sign, _last + $gap::BIGINT AS _at, rollout, release, arm, segment, _items_{index} AS items,
               _unscored_{index} AS unscored, _total_{index} AS total{more}
        FROM summary_brought ANTI JOIN summary_touched USING (_session)
        WHERE session_id IS NOT NULL AND _items_{index} > 0
        {pieces}
    )
    GROUP BY ALL
)
