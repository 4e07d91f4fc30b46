"""Where the work of a run is done: threads, processes that may be killed, Dask."""
