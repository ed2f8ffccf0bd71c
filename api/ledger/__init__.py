"""The ledger: what was settled, by whom, when and why, in a database that can only be added to."""
