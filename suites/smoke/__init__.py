"""The shortest look that tells whether KeyArc works: what a user does, and what nobody may."""
