"""Files brought in from elsewhere: read, shown, confirmed, taken in by the worker, undone.

What every import shares, and the imports of organisations. Past attendance stands in attendance,
which knows bookings; answers from Microsoft Forms stand in surveys.
"""
