"""The margin: which data have one, and the decoder of least norm that has it."""
