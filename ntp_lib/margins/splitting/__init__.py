"""Both answers about margins from one iteration: the max-margin decoder, or the certificate that there is none."""
