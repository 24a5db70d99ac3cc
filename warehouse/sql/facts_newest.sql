-- Time of the newest row of one slice that meets a condition; rows dated after $now do not count.
-- $now: time (UTC); $through: batch or NULL. Composed in: the event table and the compiled condition.
SELECT max(occurred_at) FROM {events} WHERE occurred_at <= $now AND {condition} AND {scope} AND {known}
