"""What can be read: one module per question."""
