"""How requests are read and answers written: no client holds up another, however slow."""
