-- A scheme, unless it is there. $body: JSON.
INSERT INTO profile_schemes SELECT $scheme, $stream, $name, $body
WHERE $scheme NOT IN (SELECT scheme FROM profile_schemes)
