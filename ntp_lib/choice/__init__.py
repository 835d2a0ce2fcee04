"""Choices among the tokens at hand: attention with frozen values, and every loss of its kind."""
