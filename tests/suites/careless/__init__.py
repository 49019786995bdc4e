"""KeyArc's services with defects that show in a stack of the journeys' own alone, one file each."""
