"""Where faces are. Whose they are is not asked here."""
