-- A new pin. Times in UTC; $body: JSON.
INSERT INTO pins VALUES ($gate, $digest, $at, $batch, $body)
