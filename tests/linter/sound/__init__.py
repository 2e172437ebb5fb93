"""Losses and predictions as a careful person uses them: a function for each way, which draws a case of it."""
