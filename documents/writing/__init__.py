"""Blocks, cells and files that everything written is made of."""
