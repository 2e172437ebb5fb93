"""Mistakes as another person than the rules' authors makes them: a function for each way, by what is mistaken."""
