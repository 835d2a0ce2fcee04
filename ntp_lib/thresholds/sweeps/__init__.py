"""Running many cells: grids, the file that keeps finished cells, local processes or a Dask scheduler."""
