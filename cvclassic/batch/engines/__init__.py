"""Where the work of a run is done: threads, separate processes, Dask."""
