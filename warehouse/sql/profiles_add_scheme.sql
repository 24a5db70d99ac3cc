-- Schemes that are not there yet. $schemes, $names, $bodies: parallel lists of texts (bodies are JSON).
INSERT INTO profile_schemes
SELECT scheme, $stream, name, body
FROM (SELECT unnest($schemes::VARCHAR[]) AS scheme, unnest($names::VARCHAR[]) AS name, unnest($bodies::VARCHAR[]) AS body)
ANTI JOIN profile_schemes USING (scheme)
