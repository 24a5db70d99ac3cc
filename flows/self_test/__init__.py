"""Self-test: planted traffic goes the whole path to each configured gate and must come out as planned."""
