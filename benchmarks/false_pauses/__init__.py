"""How often rules pause a healthy system, and how late they pause a bad one: our gate beside the usual rules."""
