"""Files people have: delimited text, JSON lines, Parquet and workbooks, read as columns of text with their row numbers."""
