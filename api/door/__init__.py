"""The door: rows of files become a `Batch`; every bad row is refused with its place and reason, every good one is kept."""
