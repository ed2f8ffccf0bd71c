"""Contenders: the reference work written as an expert of each tool would write it. `columns.py` states the contract."""
