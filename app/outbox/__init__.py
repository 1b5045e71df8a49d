"""Messages waiting to leave, and sending them. It knows neither who is written to nor why."""
