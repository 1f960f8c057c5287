"""One folder a vendor: its protocol (`client`), its records (`mapping`), its pages (`connector`)."""
