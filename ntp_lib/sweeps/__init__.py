"""Running many cells: grids, the file that keeps finished cells, and Dask."""
