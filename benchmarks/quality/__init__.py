"""What Great Expectations costs, inside DuckDB and on pandas, against one aggregate of the same rules."""
