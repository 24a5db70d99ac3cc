-- Fragment: rows that are units by themselves; composed in: which of them (all, or only those that name no session).
SELECT _batch, _sign, _at, rollout, release, arm, segment, 1 AS items,
       (_value_{index} IS NULL)::INTEGER AS unscored, coalesce(_value_{index}, 0)::HUGEINT AS total
FROM summary_items
WHERE _in_{index} AND {which}
