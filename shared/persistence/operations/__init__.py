"""What operators and commands read, over all tenants or of one. Filtered reads come from the model of the tables."""
