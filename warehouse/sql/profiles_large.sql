-- Fragment: the counts registered as "profile_counts" together with further ones, in integers of any size.
-- Grain: scheme x cell x bin.
(
    SELECT scheme, cell, bin, sum(items) AS items, sum(total) AS total, sum(squares) AS squares
    FROM (
        SELECT scheme, cell, bin, items, total::HUGEINT AS total, squares::HUGEINT AS squares FROM profile_counts
        UNION ALL
        SELECT unnest($large_scheme::INTEGER[]), unnest($large_cell::INTEGER[]), unnest($large_bin::INTEGER[]),
               unnest($large_items::BIGINT[]), unnest($large_total::HUGEINT[]), unnest($large_squares::HUGEINT[])
    )
    GROUP BY scheme, cell, bin
)
