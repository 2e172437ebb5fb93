"""Backends: different ways to compute the same losses. They do not know one another; dispatch chooses."""
