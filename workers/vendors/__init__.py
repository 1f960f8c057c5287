"""Where each vendor's connector gets its HTTP client, its limits and its tokens: one file a vendor."""
