"""Sources: how the systems of the agencies are read.

A reader opens one consistent snapshot of a source and yields each dataset's rows as Arrow batches of text, as received. See
:mod:`hedui.sources.base` for the interface, :mod:`hedui.sources.registry` for the carriers, :mod:`hedui.sources.extract` for the step.
"""
