"""How many contexts an embedding dimension can carry: a law, its counting bounds, and trials that test it."""
