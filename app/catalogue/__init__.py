"""Offers, their events, series and topics, and the public catalogue. It knows nobody's booking."""
