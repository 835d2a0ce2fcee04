"""What training tends to, and how it is approached."""
