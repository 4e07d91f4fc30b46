"""Images in zip and tar archives, read in place; single files are read elsewhere."""
