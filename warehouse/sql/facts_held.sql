-- Fragment: current rows, or those of $batch as they were known when it was in.
    (($batch::BIGINT IS NULL AND closed_by IS NULL)
     OR (batch = $batch::BIGINT AND (closed_by IS NULL OR closed_by > $batch::BIGINT)))
