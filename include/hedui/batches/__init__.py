"""Batches: what agencies send, packet by packet, through its life.

Facts (what a packet says of itself, what was read from it, what people decided) are kept with the raw partitions of the lake and never
change. Everything else follows from them: :mod:`hedui.batches.judge` says of each packet whether its rows count and for which date,
:mod:`hedui.batches.settle` makes the canonical partitions agree with that, :mod:`hedui.batches.problems` says what is wrong as of a night.
So neither the order in which dates are read nor how often they are read changes the outcome.
"""
