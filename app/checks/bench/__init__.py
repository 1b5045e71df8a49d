"""How fast Ripple is, as a share of a minimal program that does the same work.

`floor` and `load` are programs of their own and import nothing of Ripple.
"""
