"""What people wrote: reading it, taking out what must not stay, themes, and quotations."""
