"""Files people have: delimited text, JSON lines, Parquet, workbooks; read as columns of text with row numbers."""
