"""A layer that picks a token by attention, and one that says what follows it (book, selecting-attention)."""
