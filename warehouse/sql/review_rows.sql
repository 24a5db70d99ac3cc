-- The rows of one batch that a review queue looks at, without their texts. Grain: event.
-- $batch; $due: time that a row waits for its label, in microseconds. Composed in: the event table and the columns of
-- the judge (checked identifiers, or NULL), the strategies (compiled expressions). Which rows: see review_groups.
SELECT event_id, occurred_at, {met} AS met, session_id, rollout, release, arm, segment, simulated,
       ({judge})::VARCHAR AS judge, ({score})::DOUBLE AS score
FROM {events}
WHERE batch = $batch AND revision = 1 AND epoch_us(occurred_at) + $due > epoch_us(arrived_at)
ORDER BY event_id
