"""Sub-commands of ``hedui``, one module each; :mod:`hedui.cli` registers them."""
