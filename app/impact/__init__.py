"""What registers, answers and evidence say of each offer, and how sure we are; asks nobody."""
