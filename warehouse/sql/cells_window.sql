-- Fragment: start of the window that a row occurred in, in microseconds since 1970. $window: its length.
epoch_us(occurred_at) - (epoch_us(occurred_at) % $window::BIGINT + $window::BIGINT) % $window::BIGINT
