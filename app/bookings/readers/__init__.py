"""What people paste or hand in, read."""
