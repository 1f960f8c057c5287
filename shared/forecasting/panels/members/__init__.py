"""Models of a panel, one a file, each knowing nothing of the others."""
