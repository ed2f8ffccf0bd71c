"""The steps, one a file, numbered."""
