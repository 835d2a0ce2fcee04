"""From executed notebooks and written chapters to the HTML book."""
