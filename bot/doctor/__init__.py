"""Looks at an installation from outside and says what is wrong with it, and what mends it: one check a file in `checks`."""
