"""The commands of the command line, one module a theme, each imported when it is called."""
