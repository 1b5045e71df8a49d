"""Who came: registers and closing an event. The table itself stands in bookings."""
