"""The rules, grouped by idea. Each is a function of the bad units (runs x looks) to the first look it pauses at."""
