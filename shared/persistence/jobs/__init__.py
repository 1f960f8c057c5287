"""The ledger of jobs: those who ask, the dispatcher, the clock and the workers each see it by a file of their own."""
