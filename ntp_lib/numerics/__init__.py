"""Arrays, numbers and results as such: nothing here knows of contexts and tokens."""
