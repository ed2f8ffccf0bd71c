"""Processes and machines that die under load: what was acknowledged is there, nothing twice, and everyone agrees."""
