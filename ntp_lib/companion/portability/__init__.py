"""Whether the figures come out the same on other BLAS kernels and other numbers of threads."""
