-- Fragment: the revision of a row that is known as of $through (a batch; NULL: now).
    (($through::BIGINT IS NULL AND closed_by IS NULL)
     OR (batch <= $through::BIGINT AND (closed_by IS NULL OR closed_by > $through::BIGINT)))
