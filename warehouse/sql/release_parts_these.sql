-- Fragment: rows of some batches. $batches; $first, $last: their span, by which the store finds the rows.
    batch BETWEEN $first AND $last AND list_contains($batches::BIGINT[], batch)
