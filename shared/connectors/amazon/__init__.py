"""Amazon, through the Selling Partner API: orders, reports, finances and FBA stock of one marketplace."""
