-- Fragment: rows that are units by themselves; composed in: what an unscored one is worth at least and at most.
SELECT _batch, _sign, _at, rollout, release, arm, segment, 1 AS items,
       (_value_{index} IS NULL)::INTEGER AS unscored, coalesce(_value_{index}, 0)::HUGEINT AS total,
       {missing_low} AS missing_low, {missing_high} AS missing_high
FROM summary_items
WHERE _in_{index}
