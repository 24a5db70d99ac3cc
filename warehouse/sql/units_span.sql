-- First and last time of the touched sessions' rows, in microseconds since 1970, within [$low, $high] (both ends).
SELECT min(epoch_us(occurred_at)), max(epoch_us(occurred_at))
FROM {events} SEMI JOIN summary_touched USING (rollout, session_id)
WHERE occurred_at BETWEEN make_timestamptz($low::BIGINT) AND make_timestamptz($high::BIGINT)
