"""Whether the log-odds can be met, and what becomes of data that are not separable."""
