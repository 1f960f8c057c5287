"""Taking over a database that somebody else made from the same data model, without losing a row."""
