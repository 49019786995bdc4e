"""The matrix of faults: each fault at each place, what should be seen, and what was."""
