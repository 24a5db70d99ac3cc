"""Evidence about a candidate beside a control: one construction a file, each with its assumptions and its proof."""
