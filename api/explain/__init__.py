"""Explanation of one claim: its holders' claims are settled again and watched, and every step is put into words."""
