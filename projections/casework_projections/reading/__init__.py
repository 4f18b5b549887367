"""The questions that can be asked of the record, one module for each."""
