"""Messages around an event: reminders, joining instructions, sorry we missed you."""
