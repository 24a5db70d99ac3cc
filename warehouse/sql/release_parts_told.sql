-- Fragment: rows of some batches, counted by release, arm and each version that they name.
-- Composed in: the event table, its columns that name a version, and which batches.
-- Rows that agree in all versions are counted together first: there are few such combinations. A long value is known by
-- its beginning and a digest of the whole ($longest: characters).
    SELECT batch, closed_by, rollout, release, arm, part, value, sum(rows)::BIGINT AS rows, min(first_at) AS first_at,
           max(last_at) AS last_at
    FROM (
        SELECT * REPLACE (CASE WHEN trim(coalesce(value, '')) = '' THEN '' WHEN length(value) <= $longest THEN value
                          ELSE left(value, $longest - 17) || '#' || left(sha256(value), 16) END AS value)
        FROM (
            SELECT batch, closed_by, rollout, release, arm, rows, first_at, last_at,
                   unnest([{parts}], recursive := true)
            FROM (
                SELECT batch, closed_by, rollout, coalesce(release, '') AS release, coalesce(arm, '') AS arm, {columns},
                       count(*) AS rows, min(occurred_at) AS first_at, max(occurred_at) AS last_at
                FROM {events} WHERE {among}
                GROUP BY ALL
            )
        )
    )
    GROUP BY ALL
