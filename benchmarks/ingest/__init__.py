"""How fast a file comes in exactly once, against the engine's bare read of it, and whether history slows it down."""
