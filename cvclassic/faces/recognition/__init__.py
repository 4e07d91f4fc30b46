"""Face recognition: whose face it is."""
