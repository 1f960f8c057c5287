"""Forecasts of daily series: preparation, models, intervals, ensemble, sanity, evaluation.

Nothing is imported here, so that `shared.forecasting.threads` can run before numpy loads.
"""
