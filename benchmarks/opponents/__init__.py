"""One adapter an opponent, so that a benchmark sees them all alike."""
