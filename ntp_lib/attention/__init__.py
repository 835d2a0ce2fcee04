"""A layer that picks one token of a sentence by attention, and one that says what follows it (book, selecting-attention)."""
