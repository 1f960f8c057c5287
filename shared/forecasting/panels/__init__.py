"""Forecasts of all series of a tenant together: prepare, fit, weigh, sample, reconcile, score."""
