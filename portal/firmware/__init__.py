"""Firmware of an organisation's devices: images, and their roll-out."""
