"""Foreign files that name organisations: bytes in, values out."""
