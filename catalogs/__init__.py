"""Storey 2: what is payable. Plan documents and tables of items and facilities become the kernel's rulebook."""
