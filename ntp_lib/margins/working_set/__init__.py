"""The splitting on the pairs that matter: for data of which few pairs of context and token ever become active."""
