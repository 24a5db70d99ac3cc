-- A new self-test of one gate. Times in UTC.
INSERT INTO self_tests VALUES ($gate, $digest, $at, $outcome, $detail)
