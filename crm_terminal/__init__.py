"""What the two command lines share: how they print, what they say of wrong usage, how they end."""
