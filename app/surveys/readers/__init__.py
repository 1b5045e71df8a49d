"""Files from elsewhere: bytes in, values out."""
