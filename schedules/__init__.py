"""What makes jobs happen: the ticks of the clock."""
