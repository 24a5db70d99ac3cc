-- Results of one carrying out of a suite, from the Arrow table registered as "result_rows". Grain: one expectation.
INSERT INTO check_results BY NAME SELECT * FROM result_rows
