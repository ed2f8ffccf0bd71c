"""Texts for people, one file a room, keyed by stable codes."""
