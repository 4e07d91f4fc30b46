"""Where records go: CSV, JSON lines, Parquet, SQLite, folders."""
