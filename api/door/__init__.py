"""The door: rows of files become a `Batch`; each bad row is refused with place and reason, each good one kept."""
