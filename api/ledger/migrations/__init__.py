"""Migrations of the ledger, oldest first in `versions`. Journal tables only ever grow."""
