"""Supervised contrastive loss of free embeddings, beside cross-entropy with weight decay (book, contrastive)."""
