"""Parity with torch: the same checks for xent's losses, and for losses with a deliberate defect."""
