-- A new epoch. Times in UTC.
INSERT INTO epochs
VALUES ($epoch, $gate, $rollout, $release, $config_digest, $first_window, $opened_at, $folded_through, $corrects,
        $closed_at, $close_reason, $windows, $opened_for, $parts)
