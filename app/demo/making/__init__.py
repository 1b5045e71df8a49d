"""Makes the example programme's rows, from the data files beside it and a fixed seed."""
