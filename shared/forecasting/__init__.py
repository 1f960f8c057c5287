"""Forecasts of all series of a tenant: panels, members, sample paths, evaluation.

Nothing is imported here, so that `shared.forecasting.threads` can run before numpy loads.
"""
