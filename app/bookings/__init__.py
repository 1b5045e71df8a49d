"""Bookings, waiting lists, calendar invites, changing an event, and the table of who came."""
