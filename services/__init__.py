"""KeyArc: the system under test. What it promises is in its contract, not here."""
