"""The plan language made executable a second time: slow, literal, and written from docs/plan-language.md alone.

Nothing here but `compare` knows that the engine exists.
"""
