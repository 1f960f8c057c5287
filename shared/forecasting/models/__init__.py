"""Forecasting models, one a file, each knowing nothing of the others."""
