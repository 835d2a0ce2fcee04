"""The subspace F of the data, its complement, and coordinates of both."""
