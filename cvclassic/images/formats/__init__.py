"""What single file formats say about themselves before any pixel is decoded."""
