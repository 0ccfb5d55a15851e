"""Handrail: the shell around the dialogs."""
