"""How objects look on a terminal: kubectl's tables, formats and descriptions, as functions from values to text."""
