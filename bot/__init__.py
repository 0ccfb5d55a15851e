"""Handrail: the shell around the dialogs."""

import gc

# A start makes a million objects that stay, and looking through them again and again for garbage was a
# third of its time.
gc.set_threshold(10_000, 20, 20)
