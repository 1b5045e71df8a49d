"""What somebody has learned: certificates, learning elsewhere, what must be renewed and when."""
