-- Grain: (cell x) bin, of the few rows with a number whose code does not fit two bytes (or is their least value, which
-- the engine also makes of 32767.5). Bin -2: not finite.
-- $cuts: cut points, ascending; $limit: codes beyond it, either way, count as it. $low, $high: numbers between them
-- surely fit; $worth, $unit: of sums, where composed in. Composed in: cell, number, code, worth, sign and rows.
SELECT {cell}CASE WHEN isfinite(_number) THEN len(list_filter($cuts::BIGINT[], lambda cut: cut <= _code)) ELSE -2 END
           AS _bin,
       sum(_sign)::BIGINT AS _items,
       coalesce(sum(_sign * ({worth})::HUGEINT) FILTER (WHERE isfinite(_number)), 0) AS _total,
       coalesce(sum(_sign * ({worth})::HUGEINT * ({worth})::HUGEINT) FILTER (WHERE isfinite(_number)), 0) AS _squares
FROM (
    SELECT {cell}{sign} AS _sign, ({value})::DOUBLE AS _number,
           coalesce(greatest(-$limit::DOUBLE, least($limit::DOUBLE, {code})), -$limit::DOUBLE)::BIGINT AS _code
    FROM (SELECT * FROM {rows})
    WHERE ({value}) NOT BETWEEN $low::DOUBLE AND $high::DOUBLE
      AND coalesce(TRY_CAST({code} AS SMALLINT), -32768) = -32768
)
GROUP BY {cell_key}_bin
