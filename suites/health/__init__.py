"""KeyArc while it is broken: its users, and a writer whose acknowledged writes have to stay."""
