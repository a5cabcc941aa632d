"""What a device was told, and telling it more."""
