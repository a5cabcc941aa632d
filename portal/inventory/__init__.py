"""The pages of inventories: emissions of a period, and the basis on which measured sources are counted."""
