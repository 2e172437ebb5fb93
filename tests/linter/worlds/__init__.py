"""Small worlds to train in, of other kinds than those of trainings.py: what the linter's suite is drawn from."""
