"""Handrail's shell: use cases at the top, edges in folders."""
