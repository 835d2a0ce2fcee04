"""Networks that take too long for a build: trained once by `ntp networks`, and read by a notebook."""
