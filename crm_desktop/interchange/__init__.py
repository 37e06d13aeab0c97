"""Files in and out of this laptop's replica."""
