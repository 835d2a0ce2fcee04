"""Which matrix trained embeddings factor, what its factors mean, and in what order they are learned."""
