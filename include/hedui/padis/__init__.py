"""Reports births (出生) and fertility registrations (生育登记) to PADIS by a profile that a site can replace; see ``docs/padis.md``.

No public document describes the wire format. What is shipped as ``reference`` is Hedui's own profile and no official format.
"""
