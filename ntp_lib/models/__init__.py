"""Networks that compute their embeddings, to be held against the theory; nothing else imports them."""
