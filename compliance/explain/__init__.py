"""Why this number: an identity for each printed figure, and the card that computes it again from its operands."""
