"""Non-separability from a few tokens: what no decoder can do for some tokens it cannot do for all.

Drop all tokens but a few, and every context without one of them in its support. A direction of the whole problem
satisfies (6a) and (6b) of what is left; so a certificate of what is left, zero elsewhere, is one of the whole
(book, lem-few-tokens). By Cover's count two tokens are enough as soon as many more than 2d contexts are followed
by just one of them. The cost does not depend on how many contexts and tokens there are besides.
"""
