"""What differs between partnerships: name, contacts, sectors, priorities, half terms, policies."""
