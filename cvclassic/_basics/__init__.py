"""What every room needs said once: checks, atomic files, locks. Nothing here knows an image."""
