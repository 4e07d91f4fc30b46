"""Helpers that all packages share: checks, atomic files, locks. Nothing here knows about images."""
