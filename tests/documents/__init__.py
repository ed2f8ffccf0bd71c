"""The shipped plan documents: present, clean, and right about their own worked cases."""
