"""A figure as a folder that computes it again without us: `make.py` packs it, `check.py` goes into it."""
