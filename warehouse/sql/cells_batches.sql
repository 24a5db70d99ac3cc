-- The batches of one chunk, into the temporary table "summary_batches". $batches: numbers.
CREATE OR REPLACE TEMP TABLE summary_batches AS SELECT unnest($batches::BIGINT[]) AS batch
