-- Grain: runs of one rollout, one after another, that said the same: the same standing and stage, with no gap between the
-- lease of one and the next. Times in microseconds since 1970 (UTC).
SELECT rollout, epoch_us(min(at_time)), epoch_us(arg_max(valid_until, at_time)), any_value(standing), any_value(stage),
       arg_max(reason, at_time), arg_max(struct_pack(name := binding), at_time).name
FROM (
    SELECT *, count(*) FILTER (WHERE begins) OVER (
        PARTITION BY rollout ORDER BY at_time ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS stretch
    FROM (
        SELECT *, lag(standing) OVER runs IS DISTINCT FROM standing OR lag(stage) OVER runs IS DISTINCT FROM stage
                  OR (lag(valid_until) OVER runs < at_time AND standing <> 'pause') AS begins
        FROM standings WINDOW runs AS (PARTITION BY rollout ORDER BY at_time)
    )
)
GROUP BY rollout, stretch
ORDER BY rollout, stretch
