"""Results of a run as files: tables of claims, layers, lines, accounts and rejected rows, and the manifest."""
