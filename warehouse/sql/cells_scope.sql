-- Fragment: which traffic a slice takes. $rollout, $release, $arm, $segment: text, NULL takes all; '' means none named.
-- Rows that name no arm are candidates.
    ($rollout::VARCHAR IS NULL OR rollout = $rollout::VARCHAR)
    AND ($release::VARCHAR IS NULL OR coalesce(release, '') = $release::VARCHAR)
    AND ($arm::VARCHAR IS NULL OR coalesce(arm, '') = $arm::VARCHAR
         OR ($arm::VARCHAR = 'candidate' AND coalesce(arm, '') = ''))
    AND ($segment::VARCHAR IS NULL OR coalesce(segment, '') = $segment::VARCHAR)
