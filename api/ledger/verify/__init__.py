"""Proving a ledger: every row is hashed, chained, reproduced and folded again; what is wrong is named."""
